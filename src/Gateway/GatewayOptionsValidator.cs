using Microsoft.Extensions.Options;

namespace Hypeman.Gateway;

/// <summary>Refuses to start with options that cannot work, naming all of them.</summary>
internal sealed class GatewayOptionsValidator : IValidateOptions<GatewayOptions>
{
    public ValidateOptionsResult Validate(string? name, GatewayOptions options)
    {
        var failures = new List<string>();
        Require(options.MaxRequestBodyBytes > 0, nameof(options.MaxRequestBodyBytes));
        Require(options.OperationTimeout > TimeSpan.Zero, nameof(options.OperationTimeout));
        return failures.Count == 0 ? ValidateOptionsResult.Success : ValidateOptionsResult.Fail(failures);

        void Require(bool holds, string option)
        {
            if (!holds)
                failures.Add($"{option} must be more than zero.");
        }
    }
}

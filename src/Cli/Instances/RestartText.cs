using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Restart policies as people write them: <c>never</c>, <c>always</c>, <c>on-failure</c>, <c>on-failure:3</c>.</summary>
internal static class RestartText
{
    public static Option<RestartPolicy?> Option() => new("--restart")
    {
        Description = "Start it again when it has ended: never, always or on-failure, with the most attempts as in on-failure:3",
        HelpName = "policy",
        CustomParser = Parse,
    };

    public static string? Print(RestartPolicy? policy, RestartStatus? status) => policy is null ? null : string.Concat(
        policy.Policy.Replace('_', '-'),
        policy.MaxAttempts is > 0 and var most ? ":" + most.ToString(CultureInfo.InvariantCulture) : "",
        status?.Attempts is > 0 and var made ? $", attempts: {made}" : "",
        status?.NextAttemptAt is { } next ? $", the next one at {next:u}" : "",
        status?.BlockedReason is { } reason ? $" (not now: {reason})" : "");

    private static RestartPolicy? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        var (policy, most, more) = text.Split(':') switch
        {
            [var only] => (only, "0", false),
            [var first, var second] => (first, second, false),
            _ => ("", "", true),
        };
        if (!more && policy is "never" or "always" or "on-failure"
            && int.TryParse(most, NumberStyles.None, CultureInfo.InvariantCulture, out var attempts))
            return new RestartPolicy(policy.Replace('-', '_'), MaxAttempts: attempts > 0 ? attempts : null);
        result.AddError($"'{text}' is no restart policy; write never, always, on-failure, or on-failure:3.");
        return null;
    }
}

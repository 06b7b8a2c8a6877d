using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Ingresses;

namespace Hypeman.Cli.Ingresses;

/// <summary>What is the same for all rules of a command line: who may use them, and whom they wake.</summary>
internal sealed class RuleOptions
{
    private readonly Option<bool> _tls = new("--tls") { Description = "Callers speak HTTPS, with a certificate that the fleet sees to" };

    private readonly Option<bool> _redirect = new("--redirect-http") { Description = "Send callers of port 80 to https; needs --tls" };

    private readonly Option<string?> _wake = new("--wake") { Description = "Which instances at rest a request wakes (default: standby)" };

    private readonly Option<string[]> _only = new("--wake-path")
    {
        Description = "Paths that wake, such as '/api/*'; all others do not",
    };

    private readonly Option<string[]> _exceptPaths = new("--no-wake-path") { Description = "Paths that do not wake, such as /healthz" };

    private readonly Option<string[]> _exceptAgents = new("--no-wake-agent")
    {
        Description = "Callers that do not wake, by User-Agent, such as 'kube-probe/*'",
    };

    private readonly Option<string?> _header = new("--require-header")
    {
        Description = "Header that requests must carry; needs --header-value-stdin",
    };

    private readonly Option<bool> _valueStdin = new("--header-value-stdin")
    {
        Description = "Read its value, 32 to 256 characters that only callers know, from standard input",
    };

    public RuleOptions() => _wake.AcceptOnlyFromAmong("standby", "stopped", "never");

    public IEnumerable<Option> All => [_tls, _redirect, _wake, _only, _exceptPaths, _exceptAgents, _header, _valueStdin];

    /// <exception cref="CliException">Only half of a header is given, or its value would be seen.</exception>
    public async Task<Func<IngressRule, IngressRule>> ReadAsync(Run run, CancellationToken cancellationToken)
    {
        var (only, paths, agents) = (run.Value(_only), run.Value(_exceptPaths), run.Value(_exceptAgents));
        var filter = only is { Length: > 0 } || paths is { Length: > 0 } || agents is { Length: > 0 } ? new WakeFilter(only, paths, agents) : null;
        var auth = await ReadHeaderAsync(run, cancellationToken);
        return rule => rule with
        {
            Tls = run.Value(_tls) ? true : null,
            RedirectHttp = run.Value(_redirect) ? true : null,
            Wake = run.Value(_wake),
            WakeFilter = filter,
            RequestHeaderAuth = auth,
        };
    }

    private async Task<IngressHeaderAuth?> ReadHeaderAsync(Run run, CancellationToken cancellationToken)
    {
        var (header, hasValue) = (run.Value(_header), run.Value(_valueStdin));
        if (header is null && !hasValue)
            return null;
        if (string.IsNullOrEmpty(header) || !hasValue)
            throw new CliException(
                "A header that requests must carry needs both a name and a value.",
                "Give --require-header NAME and --header-value-stdin, and the value on standard input.", ExitCode.Usage);
        return new IngressHeaderAuth(header, await SecretInput.ReadAsync(run, "value", "--header-value-stdin", cancellationToken));
    }
}

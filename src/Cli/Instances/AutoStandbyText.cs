using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Standby by itself as people write it: <c>--auto-standby 5m --ignore-port 9100</c>, or <c>--auto-standby off</c>.</summary>
internal sealed class AutoStandbyText
{
    private const string Off = "off";

    private readonly Option<string?> _timeout = new("--auto-standby")
    {
        Description = "Put it into standby when nobody has used it for this long, for example 5m; off: not by itself",
        HelpName = "duration",
    };
    private readonly Option<string[]> _sources = new("--ignore-source")
    {
        Description = "Callers from this network do not keep it awake, for example 10.0.0.0/8; repeat for more",
        HelpName = "network",
        DefaultValueFactory = _ => [],
    };
    private readonly Option<int[]> _ports = new("--ignore-port")
    {
        Description = "Connections to this port do not keep it awake; repeat for more",
        HelpName = "port",
        DefaultValueFactory = _ => [],
    };

    public void AddTo(Command command)
    {
        command.Add(_timeout);
        command.Add(_sources);
        command.Add(_ports);
        command.Validators.Add(asked =>
        {
            var ignores = asked.GetResult(_sources) is { Implicit: false } || asked.GetResult(_ports) is { Implicit: false };
            if (ignores && asked.GetValue(_timeout) is null or Off)
                asked.AddError("--ignore-source and --ignore-port go with --auto-standby and a duration, for example --auto-standby 5m.");
        });
    }

    public AutoStandbyPolicy? Read(Run run) => run.Value(_timeout) switch
    {
        null => null,
        Off => new AutoStandbyPolicy(false),
        var timeout => new AutoStandbyPolicy(
            true, timeout,
            run.Value(_sources) is { Length: > 0 } sources ? sources : null, run.Value(_ports) is { Length: > 0 } ports ? ports : null),
    };

    public static string? Print(AutoStandbyPolicy? policy) => policy switch
    {
        null => null,
        { Enabled: false } => Off,
        _ => string.Join(", ",
        [
            $"after {policy.IdleTimeout}",
            .. (policy.IgnoreSourceCidrs ?? []).Select(network => $"not for {network}"),
            .. (policy.IgnoreDestinationPorts ?? []).Select(port => $"not for port {port}"),
        ]),
    };
}

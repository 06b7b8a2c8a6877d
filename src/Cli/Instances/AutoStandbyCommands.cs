using System.CommandLine;
using System.Globalization;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>How far instances are from standby by themselves, and keeping them awake.</summary>
internal static class AutoStandbyCommands
{
    public static Command Group(CliHost host) => new("auto-standby", "See when an instance goes to standby by itself, and hold that off")
    {
        Status(host), Hold(host),
    };

    private static Command Status(CliHost host)
    {
        var id = InstanceCommands.InstanceArgument();
        return new Command("status", "Show how far an instance is from standby, and why") { id }.Does(host, async (run, cancellationToken) =>
            Show(run, await run.Fleet.Instances.AutoStandbyAsync(run.Value(id), cancellationToken)));
    }

    private static Command Hold(CliHost host)
    {
        var id = InstanceCommands.InstanceArgument();
        return new Command("hold", "Keep an instance awake for as long as it may be idle, from now on") { id }
            .Does(host, async (run, cancellationToken) => Show(run, await run.Fleet.Instances.HoldAsync(run.Value(id), cancellationToken)));
    }

    private static void Show(Run run, AutoStandbyStatus status) => run.Print.Fields(status,
    [
        ("Status", status.Status),
        ("Reason", status.Reason),
        ("Connections", status.ActiveInboundConnections.ToString(CultureInfo.InvariantCulture)),
        ("Idle timeout", status.IdleTimeout),
        ("Idle since", Moment(status.IdleSince)),
        ("Last use", Moment(status.LastInboundActivityAt)),
        ("Held until", Moment(status.HoldUntil)),
        ("Standby at", Moment(status.NextStandbyAt)),
    ]);

    private static string? Moment(DateTimeOffset? at) => at?.ToString("u");
}

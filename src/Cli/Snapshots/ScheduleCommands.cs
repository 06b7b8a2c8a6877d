using System.CommandLine;
using System.Globalization;
using Hypeman.Cli.Instances;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Snapshots;

namespace Hypeman.Cli.Snapshots;

/// <summary>Snapshots of an instance again and again.</summary>
internal static class ScheduleCommands
{
    public static Command Group(CliHost host) => new("schedule", "Take snapshots of an instance again and again") { Set(host), Get(host), Remove(host) };

    private static Command Set(CliHost host)
    {
        var instance = InstanceCommands.InstanceArgument();
        var every = new Option<string>("--every") { Description = "From one to the next, for example 24h", HelpName = "duration", Required = true };
        var keep = new Option<int?>("--keep") { Description = "Keep this many, the latest", HelpName = "count" };
        var keepFor = new Option<string?>("--keep-for") { Description = "Keep those that are not older, for example 168h", HelpName = "duration" };
        var prefix = new Option<string?>("--prefix") { Description = "How their names begin" };
        var tags = Pairs.Option("--tag", "-l", "A tag of the snapshots; repeat for more");
        return new Command("set", "Make a schedule, or change it; say what to keep with --keep, --keep-for, or both")
        {
            instance, every, keep, keepFor, prefix, tags,
        }.Does(host, async (run, cancellationToken) =>
        {
            var retention = new ScheduleRetention(run.Value(keep), run.Value(keepFor));
            var wish = new SetSchedule(run.Value(every)!, retention, run.Value(prefix), run.Value(tags) is { Count: > 0 } pairs ? pairs : null);
            Show(run, await run.Fleet.Snapshots.SetScheduleAsync(run.Value(instance), wish, cancellationToken));
        });
    }

    private static Command Get(CliHost host)
    {
        var instance = InstanceCommands.InstanceArgument();
        return new Command("get", "Show a schedule") { instance }.Does(host, async (run, cancellationToken) =>
            Show(run, await run.Fleet.Snapshots.GetScheduleAsync(run.Value(instance), cancellationToken)));
    }

    private static Command Remove(CliHost host)
    {
        var instance = InstanceCommands.InstanceArgument();
        return new Command("rm", "End a schedule; its snapshots stay") { instance }.Does(host, async (run, cancellationToken) =>
            await run.Fleet.Snapshots.DeleteScheduleAsync(run.Value(instance), cancellationToken));
    }

    private static void Show(Run run, SnapshotSchedule schedule) => run.Print.Fields(schedule,
    [
        ("Instance", schedule.InstanceId),
        ("Every", schedule.Interval),
        ("Keep", schedule.Retention?.MaxCount is > 0 and var count ? count.ToString(CultureInfo.InvariantCulture) : null),
        ("Keep for", schedule.Retention?.MaxAge),
        ("Prefix", schedule.NamePrefix),
        ("Next run", schedule.NextRunAt?.ToString("u")),
        ("Last run", schedule.LastRunAt?.ToString("u")),
        ("Last snapshot", schedule.LastSnapshotId),
        ("Last error", schedule.LastError),
    ]);
}

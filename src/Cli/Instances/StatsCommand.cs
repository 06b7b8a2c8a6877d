using System.CommandLine;
using System.Globalization;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

internal static class StatsCommand
{
    public static Command Make(CliHost host)
    {
        var ids = InstanceCommands.InstancesArgument();
        return new Command("stats", "Say what instances take of their nodes now") { ids }.Does(host, async (run, cancellationToken) =>
        {
            var all = new List<InstanceStats>();
            foreach (var id in run.Value(ids))
                all.Add(await run.Fleet.Instances.StatsAsync(id, cancellationToken));
            run.Print.List(all, ["NAME", "CPU SECONDS", "MEMORY", "OF", "RECEIVED", "SENT"], stats =>
            [
                stats.InstanceName, stats.CpuSeconds.ToString("0.00", CultureInfo.InvariantCulture), Words.Size(stats.MemoryRssBytes),
                Words.Size(stats.AllocatedMemoryBytes), Words.Size(stats.NetworkRxBytes), Words.Size(stats.NetworkTxBytes),
            ]);
        });
    }
}

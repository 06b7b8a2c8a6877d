using System.CommandLine;
using System.Globalization;
using Hypeman.Cli.Invocation;
using Hypeman.Cli.Output;
using Hypeman.Client.Nodes;

namespace Hypeman.Cli.Nodes;

internal static class NodeCommands
{
    public static Command Group(CliHost host) => new("node", "Look after the hosts of the fleet")
    {
        List(host), Get(host),
        Change(host, "cordon", "Give nodes nothing new; what is on them runs on", (nodes, id, stop) => nodes.CordonAsync(id, stop)),
        Change(host, "uncordon", "Let nodes take new instances again", (nodes, id, stop) => nodes.UncordonAsync(id, stop)),
        DrainCommand.Make(host),
        Remove(host),
    };

    private static Command List(CliHost host) =>
        new Command("list", "List nodes") { Aliases = { "ls" } }.Does(host, async (run, cancellationToken) =>
        {
            var nodes = await run.Fleet.Nodes.ListAsync(cancellationToken);
            run.Print.List(nodes, ["ID", "HOST", "STATE", "INSTANCES", "FREE MEMORY", "FREE DISK", "HEARTBEAT", "AGE"], node =>
            [
                node.Id, node.Hostname, node.State, Number(node.Instances), Words.Size(node.Free?.MemoryBytes),
                Words.Size(node.Free?.DiskBytes), Seconds(node.HeartbeatAge), Words.Age(node.CreatedAt, host.Time.GetUtcNow()),
            ]);
        });

    private static Command Get(CliHost host)
    {
        var id = new Argument<string>("node") { Description = "Id or host name" };
        return new Command("get", "Show a node") { id }.Does(host, async (run, cancellationToken) =>
        {
            var node = await run.Fleet.Nodes.GetAsync(run.Value(id), cancellationToken);
            run.Print.Fields(node,
            [
                ("Id", node.Id), ("Host", node.Hostname), ("State", node.State), ("Version", node.Version),
                ("Hypervisors", string.Join(", ", node.Hypervisors)), ("Accelerator", node.Accelerator), ("Platform", node.Platform),
                ("Labels", node.Labels is { Count: > 0 } labels ? string.Join(", ", labels.Select(label => $"{label.Key}={label.Value}")) : null),
                ("CPUs", Number(node.Capacity.Cpus)), ("Memory", Share(node.Free?.MemoryBytes, node.Capacity.MemoryBytes)),
                ("Disk", Share(node.Free?.DiskBytes, node.Capacity.DiskBytes)), ("Instances", Number(node.Instances)),
                ("Ingress", node.Ingress is { } ingress ? Describe(ingress) : null),
                ("Heartbeat", Seconds(node.HeartbeatAge)),
                ("Drain", node.Drain is { } drain ? $"{drain.State}: {DrainWait.Progress(drain)}" : null),
            ]);
        });
    }

    private static Command Change(CliHost host, string name, string what, Func<NodesClient, string, CancellationToken, Task<Node>> change)
    {
        var ids = new Argument<string[]>("node") { Description = "Ids or host names", Arity = ArgumentArity.OneOrMore };
        return new Command(name, what) { ids }.Does(host, async (run, cancellationToken) =>
        {
            foreach (var id in run.Value(ids))
                run.Print.Resource(await change(run.Fleet.Nodes, id, cancellationToken), node => $"{node.Id} {node.State}");
        });
    }

    private static Command Remove(CliHost host)
    {
        var ids = new Argument<string[]>("node") { Description = "Ids or host names", Arity = ArgumentArity.OneOrMore };
        return new Command("rm", "Take nodes out of the fleet that will not return; their disks count as lost") { ids }
            .Does(host, async (run, cancellationToken) =>
            {
                foreach (var id in run.Value(ids))
                    await run.Fleet.Nodes.RemoveAsync(id, cancellationToken);
            });
    }

    private static string Number(int? number) => number?.ToString(CultureInfo.InvariantCulture) ?? "";

    private static string Seconds(double? seconds) =>
        seconds is { } known ? string.Create(CultureInfo.InvariantCulture, $"{known:0}s ago") : "";

    private static string Describe(NodeIngress ingress) => string.Create(
        CultureInfo.InvariantCulture,
        $"{ingress.State}, {ingress.Rules} rules, {ingress.OpenRequests} requests open{(ingress.Reason is { } reason ? $": {reason}" : "")}");

    private static string Share(long? free, long all) =>
        free is null ? Words.Size(all) : $"{Words.Size(free)} free of {Words.Size(all)}";
}

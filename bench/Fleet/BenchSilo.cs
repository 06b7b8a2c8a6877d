using System.Runtime;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Configuration;
using Hypeman.Silo.Server;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Bench.Fleet;

/// <summary>
/// A silo of the fleet, in a process of its own: the real server with all that a host's has, above simulated nodes. It
/// answers questions of the benchmark, one a line, and ends with it.
/// </summary>
internal static class BenchSilo
{
    /// <summary>Begins the lines that are answers; others are the log's.</summary>
    public const char Mark = '@';

    public static async Task<int> RunAsync(string data, string database, string identity, int nodes, CancellationToken cancellationToken)
    {
        using var hosts = new SimulatedHosts(data, nodes);
        await using var server = await FleetServer.StartAsync(
            OptionsOf(data, database, identity), "benchmark", (services, setup) => Add(services, setup, hosts), cancellationToken);
        hosts.Watch();
        Say(server.ApiAddress!.ToString());
        while (await Console.In.ReadLineAsync(cancellationToken) is not null)
            Say(HeapBytes().ToString(System.Globalization.CultureInfo.InvariantCulture));
        return 0;
    }

    public static HypemanOptions OptionsOf(string data, string database, string identity) => new SettingsReader(
        new Dictionary<string, string>
        {
            ["--data"] = data,
            ["--database"] = database,
            ["--cluster-identity"] = identity,
            ["--api-port"] = "0",
            ["--roles"] = "control,node,gateway",
            ["--log-level"] = "error",
        }, _ => null, []).Read().Options;

    private static void Add(IServiceCollection services, NodeSetup setup, SimulatedHosts hosts)
    {
        foreach (var node in hosts.Make(setup.Claim.NodeId))
            services.AddSingleton<INode>(node);
    }

    /// <summary>What is left when all that nobody needs is gone.</summary>
    private static long HeapBytes()
    {
        GCSettings.LargeObjectHeapCompactionMode = GCLargeObjectHeapCompactionMode.CompactOnce;
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        GC.WaitForPendingFinalizers();
        GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        return GC.GetTotalMemory(forceFullCollection: false);
    }

    private static void Say(string answer)
    {
        Console.Out.WriteLine($"{Mark}{answer}");
        Console.Out.Flush();
    }
}

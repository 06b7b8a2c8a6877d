using System.CommandLine;

namespace Hypeman.Bench.Fleet;

internal static class FleetCommand
{
    /// <summary>The command under which this program is started again, as a silo of the fleet.</summary>
    public const string SiloName = "fleet-silo";

    public static Command Create()
    {
        var database = new Option<string>("--database") { Description = "An empty PostgreSQL database.", Required = true };
        var nodes = new Option<int>("--nodes") { Description = "Simulated nodes.", DefaultValueFactory = _ => 1000 };
        var instances = new Option<int>("--instances") { Description = "Instances at the end.", DefaultValueFactory = _ => 100_000 };
        var silos = new Option<int>("--silos") { Description = "Processes that the nodes are spread over.", DefaultValueFactory = _ => 2 };
        var clients = new Option<int>("--clients") { Description = "Creates at the same time.", DefaultValueFactory = _ => 128 };
        var json = new Option<bool>("--json") { Description = "One JSON document in place of tables." };
        var command = new Command("fleet", "Fills a fleet of simulated nodes through its API, and measures how it answers.")
        {
            database, nodes, instances, silos, clients, json,
        };
        command.SetAction((parsed, cancellationToken) => new FleetBenchmark(new FleetPlan(
            parsed.GetValue(database)!, parsed.GetValue(nodes), parsed.GetValue(instances), parsed.GetValue(silos),
            parsed.GetValue(clients), parsed.GetValue(json))).RunAsync(cancellationToken));
        return command;
    }

    public static Command CreateSilo()
    {
        var data = new Option<string>("--data") { Required = true };
        var database = new Option<string>("--database") { Required = true };
        var identity = new Option<string>("--identity") { Required = true };
        var nodes = new Option<int>("--nodes") { Required = true };
        var command = new Command(SiloName) { data, database, identity, nodes };
        command.Hidden = true;
        command.SetAction((parsed, cancellationToken) => BenchSilo.RunAsync(
            parsed.GetValue(data)!, parsed.GetValue(database)!, parsed.GetValue(identity)!, parsed.GetValue(nodes), cancellationToken));
        return command;
    }
}

/// <summary>What to build, and how to say what came of it.</summary>
internal sealed record FleetPlan(string Database, int Nodes, int Instances, int Silos, int Clients, bool Json)
{
    /// <summary>The numbers of instances at which is measured: each ten times the one before.</summary>
    public IReadOnlyList<int> Sizes { get; } = SizesUpTo(Instances);

    private static List<int> SizesUpTo(int instances)
    {
        List<int> sizes = [instances];
        while (sizes.Count < 3 && sizes[0] >= 1000)
            sizes.Insert(0, sizes[0] / 10);
        return sizes;
    }
}

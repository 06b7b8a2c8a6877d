using System.CommandLine;
using System.Globalization;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Chaos;

internal static class ChaosCommand
{
    public static RootCommand Create()
    {
        var minutes = new Option<double>("--minutes") { Description = "How long faults are made.", DefaultValueFactory = _ => 10 };
        var seed = new Option<int?>("--seed") { Description = "Same seed, same faults in the same order; a new one when left out." };
        var nodes = new Option<int>("--nodes") { Description = "Nodes of the fleet.", DefaultValueFactory = _ => 3 };
        var only = new Option<string[]>("--only")
        {
            Description = $"Only faults of these kinds: {string.Join(", ", Faults.FaultDeck.Kinds)}.", AllowMultipleArgumentsPerToken = true,
        };
        only.AcceptOnlyFromAmong([.. Faults.FaultDeck.Kinds]);
        var logs = new Option<string>("--logs")
        {
            Description = "Directory that the logs of all processes are put in at the end.",
            DefaultValueFactory = _ => RepositoryRoot.PathOf(".cache/log/chaos"),
        };
        var json = new Option<bool>("--json") { Description = "Print the report as JSON." };
        minutes.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<double>() is not (> 0 and <= 24 * 60))
                given.AddError("--minutes must be more than 0 and at most 1440.");
        });
        nodes.Validators.Add(given =>
        {
            if (given.GetValueOrDefault<int>() is not (>= 2 and <= 9))
                given.AddError("--nodes must be 2 to 9.");
        });
        var command = new RootCommand("Breaks a fleet of real VMs again and again while it is used, and checks that nothing is lost, doubled or leaked.")
        {
            minutes, seed, nodes, only, logs, json,
        };
        command.SetAction((parsed, cancellationToken) => RunAsync(
            new ChaosOptions
            {
                Duration = TimeSpan.FromMinutes(parsed.GetValue(minutes)),
                Seed = parsed.GetValue(seed) ?? Random.Shared.Next(1, 100_000),
                Nodes = parsed.GetValue(nodes),
                Only = parsed.GetValue(only) ?? [],
                Logs = parsed.GetValue(logs)!,
            },
            parsed.GetValue(json), cancellationToken));
        return command;
    }

    private static async Task<int> RunAsync(ChaosOptions options, bool json, CancellationToken cancellationToken)
    {
        // A whole line at a time, and not in the way of the JSON on standard output.
        var run = new ChaosRun(options, line => Console.Error.WriteLine(line), TimeProvider.System);
        var report = await run.RunAsync(cancellationToken);
        Console.Out.WriteLine(json ? report.ToJson() : report.ToText(CultureInfo.InvariantCulture));
        return report.Violations.Count == 0 ? 0 : 1;
    }
}

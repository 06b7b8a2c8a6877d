using System.CommandLine;

namespace Hypeman.Bench.Storage;

internal static class StorageCommand
{
    private static readonly int[] Writers = [1, 16, 64];

    public static Command Create()
    {
        var database = new Option<string?>("--database") { Description = "PostgreSQL to measure; SQLite in a directory of its own when left out." };
        var seconds = new Option<int>("--seconds") { Description = "For each number of writers.", DefaultValueFactory = _ => 10 };
        var command = new Command("storage", "Creates as many instances in the index as one database takes.") { database, seconds };
        command.SetAction((parsed, cancellationToken) => new StorageBenchmark(
            parsed.GetValue(database), Writers, TimeSpan.FromSeconds(parsed.GetValue(seconds))).RunAsync(cancellationToken));
        return command;
    }
}

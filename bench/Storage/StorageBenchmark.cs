using System.Diagnostics;
using Hypeman.Bench.Reports;
using Hypeman.Contracts.Index;
using Hypeman.Storage;
using Hypeman.Storage.Databases;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Bench.Storage;

/// <summary>
/// What one database takes of the index: so many writers at once, each of them creating instances as their grains do,
/// a row with its name and two tags, then three changes of its state.
/// </summary>
internal sealed class StorageBenchmark(string? connection, int[] writers, TimeSpan duration)
{
    private static readonly string[] States = ["Created", "Starting", "Running"];

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var directory = connection is null ? new Scratch() : null;
        await using var database = await Database.OpenAsync(
            new StorageOptions { ConnectionString = connection, DataDirectory = directory?.Path ?? "" }, cancellationToken);
        await using var services = new ServiceCollection().AddLogging().AddHypemanStorage(database).BuildServiceProvider();
        var index = services.GetRequiredService<IResourceIndex>();
        await RunAsync(index, 4, TimeSpan.FromSeconds(2));

        var rows = new List<string[]>();
        var best = 0d;
        foreach (var count in writers)
        {
            var (rate, all) = await RunAsync(index, count, duration);
            rows.Add([$"{count}", Figures.Text(rate), Figures.Text(all.At(0.5)), Figures.Text(all.At(0.99))]);
            best = Math.Max(best, rate);
        }
        Report.Table("Creates: one insert, three updates", ["writers", "creates/s", "p50 ms", "p99 ms"], rows);
        Report.Line(("creates_per_s", best));
    }

    private static async Task<(double Rate, Figures Milliseconds)> RunAsync(IResourceIndex index, int writers, TimeSpan duration)
    {
        var clock = Stopwatch.StartNew();
        var each = await Task.WhenAll(Enumerable.Range(0, writers).Select(_ => Task.Run(async () =>
        {
            List<double> took = [];
            while (clock.Elapsed < duration)
            {
                var start = clock.Elapsed;
                await CreateAsync(index);
                took.Add((clock.Elapsed - start).TotalMilliseconds);
            }
            return took;
        })));
        List<double> all = [.. each.SelectMany(t => t)];
        return (all.Count / clock.Elapsed.TotalSeconds, new Figures(all));
    }

    private static async Task CreateAsync(IResourceIndex index)
    {
        var id = Guid.NewGuid().ToString("n")[..24];
        var row = new ResourceRow
        {
            Kind = ResourceKind.Instance,
            Id = id,
            Name = $"name-{id}",
            Parent = "sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
            Home = $"node-{id[0]}",
            Tags = new Dictionary<string, string> { ["team"] = $"team-{id[1]}", ["app"] = $"app-{id[2]}{id[3]}" },
            State = "Pending",
            Summary = $$"""{"id":"{{id}}","text":"{{new string('x', 600)}}"}""",
            Version = 1,
            CreatedAt = TimeProvider.System.GetUtcNow(),
        };
        await index.InsertAsync(row, [row.Name]);
        foreach (var state in States)
        {
            row = row with { State = state, Version = row.Version + 1 };
            await index.UpdateAsync(row);
        }
    }

    private sealed class Scratch : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("hypeman-bench-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

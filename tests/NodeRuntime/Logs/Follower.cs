using System.Collections.Concurrent;
using Hypeman.NodeRuntime.Logs;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Logs;

/// <summary>Someone who watches a log while the test goes on.</summary>
public sealed class Follower : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> lines = new();
    private readonly CancellationTokenSource stopped = new();
    private readonly IAsyncEnumerator<IReadOnlyList<string>> batches;

    public Follower(string path, int tail)
    {
        batches = LogFile.ReadAsync(path, tail, follow: true, stopped.Token).GetAsyncEnumerator();
        // Until its first wait it runs here, so the log is open and watched when this returns.
        var first = batches.MoveNextAsync();
        Started = Task.CompletedTask;
        Ended = RunAsync(first);
    }

    public Task Started { get; }

    /// <summary>Ends with the log.</summary>
    public Task Ended { get; }

    public Task WaitForAsync(params string[] expected) => Until.True(
        () => lines.SequenceEqual(expected),
        TimeSpan.FromSeconds(10),
        $"the follower saw [{string.Join(", ", expected)}]; it saw [{string.Join(", ", lines)}]");

    public async ValueTask DisposeAsync()
    {
        await stopped.CancelAsync();
        await Ended.ContinueWith(_ => { }, TaskScheduler.Default);
        await batches.DisposeAsync();
        stopped.Dispose();
    }

    private async Task RunAsync(ValueTask<bool> first)
    {
        var more = await first;
        while (more)
        {
            foreach (var line in batches.Current)
                lines.Enqueue(line);
            more = await batches.MoveNextAsync();
        }
    }
}

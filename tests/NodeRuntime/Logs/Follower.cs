using System.Collections.Concurrent;
using Hypeman.NodeRuntime.Logs;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Logs;

/// <summary>Someone who watches a log while the test goes on.</summary>
public sealed class Follower : IAsyncDisposable
{
    private readonly ConcurrentQueue<string> _lines = new();
    private readonly CancellationTokenSource _stopped = new();
    private readonly IAsyncEnumerator<IReadOnlyList<string>> _batches;

    public Follower(string path, int tail)
    {
        _batches = LogFile.ReadAsync(path, tail, follow: true, _stopped.Token).GetAsyncEnumerator();
        // Until its first wait it runs here, so the log is open and watched when this returns.
        var first = _batches.MoveNextAsync();
        Started = Task.CompletedTask;
        Ended = RunAsync(first);
    }

    public Task Started { get; }

    /// <summary>Ends with the log.</summary>
    public Task Ended { get; }

    public Task WaitForAsync(params string[] expected) => Until.True(
        () => _lines.SequenceEqual(expected),
        TimeSpan.FromSeconds(10),
        $"the follower saw [{string.Join(", ", expected)}]; it saw [{string.Join(", ", _lines)}]");

    public async ValueTask DisposeAsync()
    {
        await _stopped.CancelAsync();
        await Ended.ContinueWith(_ => { }, TaskScheduler.Default);
        await _batches.DisposeAsync();
        _stopped.Dispose();
    }

    private async Task RunAsync(ValueTask<bool> first)
    {
        var more = await first;
        while (more)
        {
            foreach (var line in _batches.Current)
                _lines.Enqueue(line);
            more = await _batches.MoveNextAsync();
        }
    }
}

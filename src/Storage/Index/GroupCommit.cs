using System.Collections.Concurrent;

namespace Hypeman.Storage.Index;

/// <summary>
/// Writes that come while others are on their way wait, and then go together: the more there are at once, the fewer
/// round trips and disk flushes each of them costs. A single one never waits.
/// </summary>
/// <param name="mostAtOnce">So many groups may be on their way.</param>
/// <param name="mostInGroup">More would hold locks for long.</param>
/// <param name="commit">Writes a group; throws when nothing of it has happened, or nobody knows.</param>
/// <param name="isOfOne">Tells an error of one write from one that all of them share.</param>
internal sealed class GroupCommit<TWrite>(
    int mostAtOnce, int mostInGroup, Func<IReadOnlyList<TWrite>, Task<int[]>> commit, Func<Exception, bool> isOfOne)
{
    private readonly ConcurrentQueue<Waiting> _waiting = new();
    private int _underWay;

    /// <summary>What <c>commit</c> said of this write.</summary>
    public Task<int> RunAsync(TWrite write)
    {
        var waiting = new Waiting(write);
        _waiting.Enqueue(waiting);
        if (TryBegin())
            // Not on the scheduler of the grain that happened to come first.
            _ = Task.Run(DrainAsync);
        return waiting.Done.Task;
    }

    private async Task DrainAsync()
    {
        do
        {
            while (Take() is { Count: > 0 } group)
                await CommitAsync(group);
            Interlocked.Decrement(ref _underWay);
        }
        while (!_waiting.IsEmpty && TryBegin());
    }

    private bool TryBegin()
    {
        if (Interlocked.Increment(ref _underWay) <= mostAtOnce)
            return true;
        Interlocked.Decrement(ref _underWay);
        return false;
    }

    private List<Waiting> Take()
    {
        List<Waiting> group = [];
        while (group.Count < mostInGroup && _waiting.TryDequeue(out Waiting? next))
            group.Add(next);
        return group;
    }

    private async Task CommitAsync(IReadOnlyList<Waiting> group)
    {
        try
        {
            var results = await commit([.. group.Select(w => w.Write)]);
            foreach (var (waiting, result) in group.Zip(results))
                waiting.Done.SetResult(result);
        }
        catch (Exception error) when (group.Count > 1 && isOfOne(error))
        {
            foreach (Waiting waiting in group)
                await CommitAsync([waiting]);
        }
        catch (Exception error)
        {
            foreach (Waiting waiting in group)
                waiting.Done.SetException(error);
        }
    }

    private sealed class Waiting(TWrite write)
    {
        public TWrite Write => write;

        public TaskCompletionSource<int> Done { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);
    }
}

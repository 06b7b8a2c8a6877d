namespace Hypeman.NodeRuntime.Nodes;

/// <summary>For each key one at a time, in the order they came.</summary>
internal sealed class KeyedLock
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, Queued> _queues = [];

    /// <summary>Waits for the key; the next one has it when what is returned is disposed.</summary>
    internal async Task<IDisposable> TakeAsync(string key, CancellationToken cancellationToken)
    {
        Queued queue;
        lock (_gate)
        {
            if (!_queues.TryGetValue(key, out queue!))
                _queues[key] = queue = new Queued();
            queue.Count++;
        }
        try
        {
            await queue.Gate.WaitAsync(cancellationToken);
            return new Turn(this, key, queue);
        }
        catch
        {
            Leave(key, queue);
            throw;
        }
    }

    private void Leave(string key, Queued queue)
    {
        lock (_gate)
        {
            if (--queue.Count == 0)
                _queues.Remove(key);
        }
    }

    private sealed class Queued
    {
        internal SemaphoreSlim Gate { get; } = new(1, 1);

        /// <summary>Those who have the key or wait for it.</summary>
        internal int Count { get; set; }
    }

    private sealed class Turn(KeyedLock owner, string key, Queued queue) : IDisposable
    {
        public void Dispose()
        {
            queue.Gate.Release();
            owner.Leave(key, queue);
        }
    }
}

using System.Collections.Concurrent;
using System.Runtime.CompilerServices;
using System.Threading.Channels;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// The latest status of every VM, and those who watch. A watcher holds only the ids of what changed since it last
/// looked, so a slow one costs no more than the number of VMs.
/// </summary>
internal sealed class VmBoard
{
    private readonly ConcurrentDictionary<string, VmStatus> statuses = new();
    private readonly ConcurrentDictionary<Watcher, bool> watchers = new();

    internal VmStatus? Find(string id) => statuses.GetValueOrDefault(id);

    internal IReadOnlyList<VmStatus> List() => [.. statuses.Values];

    internal void Publish(VmStatus status)
    {
        statuses[status.Id] = status;
        foreach (var watcher in watchers.Keys)
            watcher.Mark(status.Id);
    }

    internal void Remove(string id) => statuses.TryRemove(id, out _);

    internal async IAsyncEnumerable<VmStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watcher = new Watcher();
        watchers[watcher] = true;
        try
        {
            foreach (var id in statuses.Keys)
                watcher.Mark(id);
            while (true)
            {
                foreach (var id in await watcher.TakeAsync(cancellationToken))
                {
                    if (Find(id) is { } status)
                        yield return status;
                }
            }
        }
        finally
        {
            watchers.TryRemove(watcher, out _);
        }
    }

    private sealed class Watcher
    {
        private readonly Lock gate = new();
        private readonly Channel<bool> marked = Channel.CreateBounded<bool>(1);
        private HashSet<string> ids = [];

        internal void Mark(string id)
        {
            lock (gate)
            {
                // One signal for any number of marks; when one waits to be taken already, this one is dropped.
                if (ids.Add(id))
                    marked.Writer.TryWrite(true);
            }
        }

        internal async Task<IReadOnlyCollection<string>> TakeAsync(CancellationToken cancellationToken)
        {
            await marked.Reader.ReadAsync(cancellationToken);
            lock (gate)
            {
                var taken = ids;
                ids = [];
                return taken;
            }
        }
    }
}

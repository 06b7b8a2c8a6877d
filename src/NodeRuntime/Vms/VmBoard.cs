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
    private readonly ConcurrentDictionary<string, VmStatus> _statuses = new();
    private readonly ConcurrentDictionary<Watcher, bool> _watchers = new();

    internal VmStatus? Find(string id) => _statuses.GetValueOrDefault(id);

    internal IReadOnlyList<VmStatus> List() => [.. _statuses.Values];

    internal void Publish(VmStatus status)
    {
        _statuses[status.Id] = status;
        foreach (var watcher in _watchers.Keys)
            watcher.Mark(status.Id);
    }

    internal void Remove(string id) => _statuses.TryRemove(id, out _);

    internal async IAsyncEnumerable<VmStatus> WatchAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var watcher = new Watcher();
        _watchers[watcher] = true;
        try
        {
            foreach (var id in _statuses.Keys)
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
            _watchers.TryRemove(watcher, out _);
        }
    }

    private sealed class Watcher
    {
        private readonly Lock _gate = new();
        private readonly Channel<bool> _marked = Channel.CreateBounded<bool>(1);
        private HashSet<string> _ids = [];

        internal void Mark(string id)
        {
            lock (_gate)
            {
                // One signal for any number of marks; when one waits to be taken already, this one is dropped.
                if (_ids.Add(id))
                    _marked.Writer.TryWrite(true);
            }
        }

        internal async Task<IReadOnlyCollection<string>> TakeAsync(CancellationToken cancellationToken)
        {
            await _marked.Reader.ReadAsync(cancellationToken);
            lock (_gate)
            {
                var taken = _ids;
                _ids = [];
                return taken;
            }
        }
    }
}

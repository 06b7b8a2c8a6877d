using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Instances;

namespace Hypeman.Grains.Nodes;

/// <summary>Bytes that something takes from a node.</summary>
internal readonly record struct NodeDemand(long MemoryBytes, long DiskBytes);

/// <summary>
/// What is promised on this node, kept where it is spent. All grains of the node share it, so that parallel creates
/// cannot promise the same memory twice. Begins with what the index knows to live here; every grain then keeps its
/// own entry right.
/// </summary>
internal sealed class NodeBooks(LocalNode local, IResourceIndex index)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NodeDemand> _promised = [];
    private Task? _opened;

    /// <summary>Writes a demand down if there is room for it, in place of what was written for the same id.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c>, naming what is short.</exception>
    public async Task ReserveAsync(string id, NodeDemand demand)
    {
        await OpenAsync();
        lock (_gate)
        {
            var facts = local.Require(local.Id).Facts;
            var others = new NodeDemand();
            foreach (var (holder, held) in _promised)
                if (holder != id)
                    others = new NodeDemand(others.MemoryBytes + held.MemoryBytes, others.DiskBytes + held.DiskBytes);
            RefuseIfShort("memory", demand.MemoryBytes, facts.MemoryBytes - others.MemoryBytes, facts.MemoryBytes);
            RefuseIfShort("disk", demand.DiskBytes, facts.DiskBytes - others.DiskBytes, facts.DiskBytes);
            _promised[id] = demand;
        }
    }

    /// <summary>Writes down what is so already.</summary>
    public void Set(string id, NodeDemand demand)
    {
        lock (_gate)
            _promised[id] = demand;
    }

    public void Release(string id)
    {
        lock (_gate)
            _promised.Remove(id);
    }

    private Task OpenAsync()
    {
        lock (_gate)
            // A read that failed is tried again by the next caller.
            return _opened is null or { IsFaulted: true } or { IsCanceled: true } ? _opened = ReadAsync() : _opened;
    }

    private async Task ReadAsync()
    {
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Instance) { Home = local.Id }))
        {
            var info = ResourceSummary.Read<InstanceInfo>(row);
            lock (_gate)
                _promised.TryAdd(row.Id, InstanceDemand.Of(info.Spec, info.Phase));
        }
    }

    private static void RefuseIfShort(string what, long wanted, long free, long total)
    {
        if (wanted > free)
            throw new HypemanException(
                ErrorKind.InsufficientResources, "insufficient_resources",
                $"insufficient {what}: {Mib(wanted)} MiB requested, {Mib(Math.Max(0, free))} MiB of {Mib(total)} MiB available");
    }

    private static long Mib(long bytes) => bytes / (1024 * 1024);
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Grains.Nodes;

/// <summary>Bytes that something takes from a node.</summary>
internal readonly record struct NodeDemand(long MemoryBytes, long DiskBytes)
{
    public static NodeDemand operator +(NodeDemand left, NodeDemand right) =>
        new(left.MemoryBytes + right.MemoryBytes, left.DiskBytes + right.DiskBytes);

    public static NodeDemand operator -(NodeDemand left, NodeDemand right) =>
        new(left.MemoryBytes - right.MemoryBytes, left.DiskBytes - right.DiskBytes);
}

/// <summary>
/// What is promised on one node, kept where it is spent. All grains of the node share it, so that parallel creates
/// cannot promise the same memory twice. Begins with what the index knows to live here; every grain then keeps its
/// own entry right.
/// </summary>
internal sealed class NodeBook(NodeFacts facts, IResourceIndex index)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, NodeDemand> _promised = [];
    private NodeDemand _sum;
    private Task? _opened;

    public async Task<NodeLoad> LoadAsync()
    {
        await OpenAsync();
        lock (_gate)
        {
            var free = Room - _sum;
            return new NodeLoad
            {
                FreeMemoryBytes = free.MemoryBytes,
                FreeDiskBytes = free.DiskBytes,
                Instances = _promised.Count,
            };
        }
    }

    /// <summary>Writes a demand down if there is room for it, in place of what was written for the same id.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c>, naming what is short.</exception>
    public async Task ReserveAsync(string id, NodeDemand demand)
    {
        await OpenAsync();
        lock (_gate)
        {
            var free = Room - _sum + _promised.GetValueOrDefault(id);
            RefuseIfShort("memory", demand.MemoryBytes, free.MemoryBytes, Room.MemoryBytes);
            RefuseIfShort("disk", demand.DiskBytes, free.DiskBytes, Room.DiskBytes);
            Put(id, demand);
        }
    }

    /// <summary>Whom something is promised to.</summary>
    public IReadOnlyCollection<string> Ids
    {
        get
        {
            lock (_gate)
                return [.. _promised.Keys];
        }
    }

    /// <summary>Writes down what is so already.</summary>
    public void Set(string id, NodeDemand demand)
    {
        lock (_gate)
            Put(id, demand);
    }

    public void Release(string id)
    {
        lock (_gate)
            if (_promised.Remove(id, out var held))
                _sum -= held;
    }

    private NodeDemand Room => new(facts.MemoryBytes, facts.DiskBytes);

    private void Put(string id, NodeDemand demand)
    {
        _sum += demand - _promised.GetValueOrDefault(id);
        _promised[id] = demand;
    }

    private Task OpenAsync()
    {
        lock (_gate)
            // A read that failed is tried again by the next caller.
            return _opened is null or { IsFaulted: true } or { IsCanceled: true } ? _opened = ReadAsync() : _opened;
    }

    private async Task ReadAsync()
    {
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Instance) { Home = facts.NodeId }))
        {
            var info = ResourceSummary.Read<InstanceInfo>(row);
            lock (_gate)
                if (!_promised.ContainsKey(row.Id))
                    Put(row.Id, InstanceDemand.Of(info.Spec, info.Phase));
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

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>An instance as the index has it.</summary>
internal sealed record LivingInstance(InstanceInfo Info, string ImageDigest)
{
    /// <summary>What it needs of another node: to be what it is, and be started by the hypervisor that it has.</summary>
    public InstanceSpec Spec => Info.Spec with { Hypervisor = Info.Hypervisor };

    public NodeDemand DemandOf(bool restart) => Instances.InstanceDemand.Of(Info.Spec, restart ? InstancePhase.Created : InstancePhase.Stopped);
}

/// <summary>What lives on a node, as the index has it, oldest first.</summary>
internal sealed class NodeContents(IResourceIndex index)
{
    public Task<IReadOnlyList<LivingInstance>> InstancesAsync(string node, CancellationToken cancellationToken) => ReadAsync(
        ResourceKind.Instance, node, row => new LivingInstance(ResourceSummary.Read<InstanceInfo>(row), row.Parent!), cancellationToken);

    public Task<IReadOnlyList<SnapshotInfo>> SnapshotsAsync(string node, CancellationToken cancellationToken) =>
        ReadAsync(ResourceKind.Snapshot, node, ResourceSummary.Read<SnapshotInfo>, cancellationToken);

    public Task<IReadOnlyList<ImageInfo>> ImagesAsync(string node, CancellationToken cancellationToken) =>
        ReadAsync(ResourceKind.Image, node, ResourceSummary.Read<ImageInfo>, cancellationToken);

    private async Task<IReadOnlyList<T>> ReadAsync<T>(
        ResourceKind kind, string node, Func<ResourceRow, T> read, CancellationToken cancellationToken)
    {
        var found = new List<T>();
        await foreach (var row in index.ListAsync(new ResourceQuery(kind) { Home = node }, cancellationToken))
            found.Add(read(row));
        found.Reverse();
        return found;
    }
}

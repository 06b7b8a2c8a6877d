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
    public async Task<IReadOnlyList<LivingInstance>> InstancesAsync(string node, CancellationToken cancellationToken)
    {
        var found = new List<LivingInstance>();
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Instance) { Home = node }, cancellationToken))
            found.Add(new LivingInstance(ResourceSummary.Read<InstanceInfo>(row), row.Parent!));
        found.Reverse();
        return found;
    }

    public async Task<IReadOnlyList<SnapshotInfo>> SnapshotsAsync(string node, CancellationToken cancellationToken)
    {
        var found = new List<SnapshotInfo>();
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Snapshot) { Home = node }, cancellationToken))
            found.Add(ResourceSummary.Read<SnapshotInfo>(row));
        found.Reverse();
        return found;
    }

    public async Task<IReadOnlyList<ImageInfo>> ImagesAsync(string node, CancellationToken cancellationToken)
    {
        var found = new List<ImageInfo>();
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Image) { Home = node }, cancellationToken))
            found.Add(ResourceSummary.Read<ImageInfo>(row));
        found.Reverse();
        return found;
    }
}

using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>What lives on a node, as the index has it, oldest first.</summary>
internal sealed class NodeContents(IResourceIndex index)
{
    public Task<IReadOnlyList<LivingInstance>> InstancesAsync(string node, CancellationToken cancellationToken) =>
        ReadAsync(ResourceKind.Instance, node, LivingInstance.Read, cancellationToken);

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

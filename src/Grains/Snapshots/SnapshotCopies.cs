using Hypeman.Contracts.Index;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Snapshots;

namespace Hypeman.Grains.Snapshots;

/// <summary>
/// Copies of snapshots on nodes of this silo, which live elsewhere. A copy serves what it was fetched for, and others that
/// come soon; the reconciler then finds that it does not live there and removes it.
/// </summary>
internal sealed class SnapshotCopies(LocalNodes local, IResourceIndex index, ISnapshotPeers? peers = null)
{
    private readonly DetachedWork<(string Home, string Id)> _fetches = new();

    /// <summary>Makes sure that the snapshot is on the node.</summary>
    /// <exception cref="NodeException">It cannot be had, or could not be used there.</exception>
    public async Task EnsureAsync(string node, string id, CancellationToken cancellationToken)
    {
        var snapshots = local.Require(node).Snapshots;
        if (snapshots.Find(id) is not null)
            return;
        var home = (await index.GetAsync(ResourceKind.Snapshot, id, cancellationToken))?.Home
            ?? throw new NodeException(NodeErrorKind.NotFound, $"There is no snapshot {id} any more.");
        if (home == node)
            throw new NodeException(NodeErrorKind.Internal, $"This host has lost the snapshot {id}.");
        if (peers is null)
            throw new NodeException(
                NodeErrorKind.NotSupported, $"The snapshot is on node {home}, and this node has no way there: it was started without a cluster identity.");
        await snapshots.ReceiveAsync(id, peers.Source(home, id), cancellationToken);
    }

    /// <summary>Begins to fetch one that somebody will need here, and tells whether it is there; asked for again, how it went.</summary>
    /// <inheritdoc cref="EnsureAsync"/>
    public Task<bool> IsDoneAsync(string node, string id) =>
        _fetches.IsDoneAsync((node, id), () => EnsureAsync(node, id, CancellationToken.None));
}

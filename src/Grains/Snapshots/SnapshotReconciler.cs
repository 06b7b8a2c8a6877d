using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Snapshots;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Snapshots;

/// <summary>Makes records and host agree about the snapshots of one node, as <see cref="Nodes.NodeReconciler"/> does for its VMs.</summary>
internal sealed class SnapshotReconciler(INode node, IResourceIndex index, IGrainFactory grains, ILogger logger)
{
    private Dictionary<string, CompressionState> _compression = [];
    private HashSet<string> _strangers = [];

    public async Task RoundAsync(CancellationToken cancellationToken)
    {
        var here = node.Snapshots.List().ToDictionary(snapshot => snapshot.Id);
        var unknown = here.Keys.ToHashSet();
        var underWay = new List<string>();
        await foreach (var glance in index.GlanceAsync(new ResourceQuery(ResourceKind.Snapshot) { Home = node.Facts.NodeId }, cancellationToken))
        {
            unknown.Remove(glance.Id);
            if (glance.State != nameof(SnapshotPhase.Ready) || HasChanged(here.GetValueOrDefault(glance.Id)))
                underWay.Add(glance.Id);
        }
        foreach (var id in underWay)
            await LookAsync(id);
        foreach (var id in unknown.Where(_strangers.Contains))
            await RemoveAsync(id, cancellationToken);
        _strangers = unknown;
        _compression = here.ToDictionary(snapshot => snapshot.Key, snapshot => snapshot.Value.Compression.State);
    }

    /// <summary>Whether its compression has come further since the last look.</summary>
    private bool HasChanged(SnapshotStatus? snapshot) =>
        snapshot is not null && _compression.GetValueOrDefault(snapshot.Id) != snapshot.Compression.State;

    private async Task LookAsync(string id)
    {
        try
        {
            await grains.GetGrain<ISnapshotUses>(GrainKeys.SnapshotPrefix + id).ReconcileAsync();
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "Snapshot {Id} could not be reconciled now", id);
        }
    }

    private async Task RemoveAsync(string id, CancellationToken cancellationToken)
    {
        if ((await index.GetAsync(ResourceKind.Snapshot, id, cancellationToken))?.Home == node.Facts.NodeId)
            return;
        logger.LogInformation("Removing snapshot {Id}: it does not live here", id);
        await node.Snapshots.DeleteAsync(id, cancellationToken);
    }
}

using System.Runtime.CompilerServices;
using Hypeman.Contracts;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Images;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Records;
using Hypeman.Grains.Snapshots;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// Makes record, index and host agree, for one node: at first for all that lives there, then again and again for what
/// is under way or does not fit. It brings no news, it only has the grains look; what they do then is what they do
/// after a crash. What no record knows is removed after it was seen unknown in two rounds.
/// </summary>
internal sealed class NodeReconciler(
    INode node, NodeBook book, IResourceIndex index, RootUsers roots, IGrainFactory grains, GrainClock clock, ILogger logger)
{
    private readonly SnapshotReconciler _snapshots = new(node, index, grains, logger);
    private HashSet<string> _strangers = [];

    /// <summary>
    /// Rows, by id, that needed no look: their versions, and when they will need one. Until then they need none as long as
    /// neither row nor VM changes.
    /// </summary>
    private Dictionary<string, (long Version, DateTimeOffset? DueAt)> _settled = [];
    private bool _first = true;

    private string Home => node.Facts.NodeId;

    public async Task RoundAsync(CancellationToken cancellationToken)
    {
        var (strangers, settled) = (new HashSet<string>(), new Dictionary<string, (long, DateTimeOffset?)>());
        var vms = node.Vms.List().ToDictionary(vm => vm.Id);
        var promised = book.Ids.ToHashSet();
        await foreach (var row in NewsAsync(vms, promised, settled, cancellationToken))
        {
            vms.Remove(row.Id, out var vm);
            promised.Remove(row.Id);
            var info = ResourceSummary.Read<InstanceInfo>(row);
            var needsLook = NeedsLook(info, vm) || info.DueAt <= clock.Now;
            if (!needsLook)
                settled[row.Id] = (row.Version, info.DueAt);
            if ((_first || needsLook) && !await LookAsync(row.Id, cancellationToken))
                await DropRowAsync(row, strangers, cancellationToken);
        }
        foreach (var vm in vms.Values)
            await LookAtStrangerAsync(vm, strangers, cancellationToken);
        foreach (var id in promised)
            await LookAtPromiseAsync(id, strangers, cancellationToken);
        await ReconcileImagesAsync(cancellationToken);
        await _snapshots.RoundAsync(cancellationToken);
        await ReleaseRootsAsync(strangers, cancellationToken);
        (_strangers, _settled, _first) = (strangers, settled, false);
    }

    // Most rows are as they were. Their VMs and promises are taken out here.
    private async IAsyncEnumerable<ResourceRow> NewsAsync(
        Dictionary<string, VmStatus> vms, HashSet<string> promised, Dictionary<string, (long, DateTimeOffset?)> settled,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var here = new ResourceQuery(ResourceKind.Instance) { Home = Home };
        if (_first)
        {
            await foreach (var row in index.ListAsync(here, cancellationToken))
                yield return row;
            yield break;
        }
        await foreach (var glance in index.GlanceAsync(here, cancellationToken))
            if (_settled.TryGetValue(glance.Id, out var known) && known.Version == glance.Version && !(known.DueAt <= clock.Now)
                && glance.State == StateOf(vms.GetValueOrDefault(glance.Id)))
            {
                vms.Remove(glance.Id);
                promised.Remove(glance.Id);
                settled[glance.Id] = known;
            }
            else if (await index.GetAsync(ResourceKind.Instance, glance.Id, cancellationToken) is { } row)
                yield return row;
    }

    private static string StateOf(VmStatus? vm) => (vm?.ToObservation().Phase ?? InstancePhase.Stopped).ToString();

    private static bool NeedsLook(InstanceInfo info, VmStatus? vm) => info.Operation is not null
        || info.Failure is not null
        || info.Phase is not (InstancePhase.Running or InstancePhase.Stopped or InstancePhase.Standby)
        || info.Phase != (vm?.ToObservation().Phase ?? InstancePhase.Stopped);

    private Task<bool> LookAsync(string id, CancellationToken cancellationToken) => LookAsync(
        GrainKeys.InstancePrefix + id, key => grains.GetGrain<IInstanceReconcile>(key).ReconcileAsync(), cancellationToken);

    // One that cannot be looked at now must not keep the others from it.
    private async Task<bool> LookAsync(string key, Func<string, Task<bool>> look, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            return await look(key);
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "{Key} could not be reconciled now", key);
            return true;
        }
    }

    // Row and record are written as one, but earlier versions wrote the row first: without a record, a create ended in between.
    private async Task DropRowAsync(ResourceRow row, HashSet<string> strangers, CancellationToken cancellationToken)
    {
        if (!IsSeenAgain(row.Id, strangers))
            return;
        logger.LogWarning("Removing the index row of instance {Id}: a create that ended before its record was made", row.Id);
        await index.DeleteAsync(ResourceKind.Instance, row.Id, cancellationToken);
    }

    private async Task LookAtStrangerAsync(VmStatus vm, HashSet<string> strangers, CancellationToken cancellationToken)
    {
        if (await IsNeededAsync(vm, cancellationToken) || !IsSeenAgain(vm.Id, strangers))
            return;
        logger.LogWarning("Removing VM {Id}: no record of this node knows it", vm.Id);
        await node.Vms.DeleteAsync(vm.Id, vm.Epoch, cancellationToken);
    }

    // The record is asked, not the row: while an instance moves, a row that is behind would have the good disk removed.
    private async Task<bool> IsNeededAsync(VmStatus vm, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        try
        {
            var instance = grains.GetGrain<IInstanceReconcile>(GrainKeys.InstancePrefix + vm.Id);
            if (await instance.OwnerAsync() is not { } owner)
                return false;
            if (owner.Home != Home && owner.MovedFrom != Home)
                return vm.Epoch > owner.Epoch;
            // Its row does not say that it is here; or the node that it moves to may be lost.
            await instance.ReconcileAsync();
            return true;
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "Whose VM {Id} is cannot be told now", vm.Id);
            return true;
        }
    }

    // For an instance that was to come, and did not; or one that has gone, and whose disk is no more here.
    private async Task LookAtPromiseAsync(string id, HashSet<string> strangers, CancellationToken cancellationToken)
    {
        if (node.Vms.Find(id) is not null || !IsSeenAgain("promise " + id, strangers))
            return;
        var row = await index.GetAsync(ResourceKind.Instance, id, cancellationToken);
        if (row?.Home != Home)
            book.Release(id);
    }

    private bool IsSeenAgain(string id, HashSet<string> strangers)
    {
        strangers.Add(id);
        return _strangers.Contains(id);
    }

    // Oldest first: that is the order in which they were queued.
    private async Task ReconcileImagesAsync(CancellationToken cancellationToken)
    {
        var rows = new List<ResourceRow>();
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Image) { Home = Home }, cancellationToken))
            if (_first || row.State is not (nameof(ImageStatus.Ready) or nameof(ImageStatus.Failed)))
                rows.Add(row);
        foreach (var row in rows.OrderBy(row => row.CreatedAt))
            if (!await LookAsync(
                GrainKeys.ImagePrefix + row.Id, key => grains.GetGrain<IImageReconcile>(key).ReconcileAsync(), cancellationToken))
                await index.DeleteAsync(ResourceKind.Image, row.Id, cancellationToken);
    }

    // The grain of an image releases only the root of its own node. One that is just being made may be needed by an
    // instance whose row is not written yet.
    private async Task ReleaseRootsAsync(HashSet<string> strangers, CancellationToken cancellationToken)
    {
        foreach (var digest in node.Images.ListRoots())
            if (!await roots.IsUsedAsync(Home, digest, cancellationToken) && IsSeenAgain(digest, strangers))
                await roots.ReleaseAsync(Home, digest, cancellationToken);
    }
}

using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Images;
using Hypeman.Grains.Nodes.Draining;
using Hypeman.Grains.Records;
using Hypeman.Grains.Snapshots;

namespace Hypeman.Grains.Nodes;

/// <summary>One node: its row in the index is its record, what is promised on it is in the book beside the grain.</summary>
[GrainType("node"), PinnedPlacement]
internal sealed class NodeGrain(
    NodeRecord record, LocalNodes local, NodeSilos silos, NodeBooks books, RootFetches fetches, SnapshotCopies snapshots, DrainPlanner planner,
    DisplacedActivations displaced, GrainClock clock, IIngressProbe? ingress = null)
    : Grain, INodeGrain
{
    private string Id => this.GetPrimaryKeyString()[GrainKeys.NodePrefix.Length..];

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        if (!local.IsHome(Id))
            displaced.Add(GrainContext, Id);
        return Task.CompletedTask;
    }

    public override Task OnDeactivateAsync(DeactivationReason reason, CancellationToken cancellationToken)
    {
        displaced.Remove(GrainContext);
        return Task.CompletedTask;
    }

    // One that is being drained takes nothing new as it is.
    public Task CordonAsync() => record.ChangeAsync(
        Id, node => node.Admission == NodeAdmission.Draining ? node : node with { Admission = NodeAdmission.Cordoned });

    public Task UncordonAsync() => record.ChangeAsync(Id, DrainDecision.Uncordon);

    public async Task<DrainPlan> PlanDrainAsync(DrainRunning running)
    {
        _ = await record.GetAsync(Id);
        return await planner.PlanAsync(Id, running);
    }

    public async Task<NodeDrain> DrainAsync(DrainRunning running) =>
        (await record.ChangeAsync(Id, node => DrainDecision.Begin(node, running, clock.Now))).Drain!;

    public async Task<NodeDrain> CancelDrainAsync() =>
        (await record.ChangeAsync(Id, node => DrainDecision.Cancel(node, clock.Now))).Drain!;

    public Task RemoveAsync() => record.ChangeAsync(Id, node => silos.IsUp(Id)
        ? throw HypemanException.InvalidState($"node {Id} is reachable: cordon it, delete or move its instances, and end its process first")
        : node with { Admission = NodeAdmission.Removed, RemovedAt = clock.Now });

    public async Task ReserveAsync(string instanceId, long memoryBytes, long diskBytes)
    {
        _ = local.Require(Id);
        var node = await record.GetAsync(Id);
        if (node.Admission != NodeAdmission.Ready)
            throw HypemanException.InvalidState($"node {node.Hostname} takes no instances now, it is {node.Admission.ToString().ToLowerInvariant()}");
        await books.Of(Id).ReserveAsync(instanceId, new NodeDemand(memoryBytes, diskBytes));
    }

    public Task<bool> FetchImageAsync(ImageInfo image)
    {
        _ = local.Require(Id);
        return fetches.IsDoneAsync(Id, image);
    }

    public Task<bool> FetchSnapshotAsync(string snapshotId)
    {
        _ = local.Require(Id);
        return snapshots.IsDoneAsync(Id, snapshotId);
    }

    public async Task<NodeLoad> LoadAsync(string? imageDigest)
    {
        var node = local.Require(Id);
        var load = (await books.Of(Id).LoadAsync()) with { Ingress = ingress?.Look() };
        return imageDigest is null ? load : load with { HasRoot = node.Images.FindRoot(imageDigest) is not null };
    }
}

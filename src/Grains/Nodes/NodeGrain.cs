using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Nodes;

/// <summary>One node: its row in the index is its record, what is promised on it is in the book beside the grain.</summary>
[GrainType("node"), PinnedPlacement]
internal sealed class NodeGrain(
    IResourceIndex index, LocalNodes local, NodeSilos silos, NodeBooks books, DisplacedActivations displaced, GrainClock clock)
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

    public Task CordonAsync() => ChangeAsync(node => node with { Admission = NodeAdmission.Cordoned });

    public Task UncordonAsync() => ChangeAsync(node => node with { Admission = NodeAdmission.Ready });

    public Task RemoveAsync() => ChangeAsync(node => silos.IsUp(Id)
        ? throw HypemanException.InvalidState($"node {Id} is reachable: cordon it, delete or move its instances, and end its process first")
        : node with { Admission = NodeAdmission.Removed, RemovedAt = clock.Now });

    public async Task ReserveAsync(string instanceId, long memoryBytes, long diskBytes)
    {
        _ = local.Require(Id);
        var row = await index.GetAsync(ResourceKind.Node, Id) ?? throw HypemanException.NotFound("node not found");
        var node = ResourceSummary.Read<NodeInfo>(row);
        if (node.Admission != NodeAdmission.Ready)
            throw HypemanException.InvalidState($"node {node.Hostname} takes no instances now, it is {node.Admission.ToString().ToLowerInvariant()}");
        await books.Of(Id).ReserveAsync(instanceId, new NodeDemand(memoryBytes, diskBytes));
    }

    public async Task<NodeLoad> LoadAsync(string? imageDigest)
    {
        var node = local.Require(Id);
        var load = await books.Of(Id).LoadAsync();
        return imageDigest is null ? load : load with { HasRoot = node.Images.FindRoot(imageDigest) is not null };
    }

    // The node writes its row too, when it starts: whoever was not first looks again.
    private async Task ChangeAsync(Func<NodeInfo, NodeInfo> change)
    {
        while (true)
        {
            var row = await index.GetAsync(ResourceKind.Node, Id) ?? throw HypemanException.NotFound("node not found");
            var before = ResourceSummary.Read<NodeInfo>(row);
            if (before.RemovedAt is { } removedAt)
                throw HypemanException.InvalidState($"node {Id} was removed on {removedAt:u}");
            var after = change(before);
            if (after == before || await index.UpdateAsync(NodeRows.Of(after, row.Version + 1, row.CreatedAt)))
                return;
        }
    }
}

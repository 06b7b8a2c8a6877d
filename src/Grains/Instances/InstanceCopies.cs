using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Nodes;

namespace Hypeman.Grains.Instances;

/// <summary>
/// Makes copies. They live where their source lives: memory and disk are shared as far as they can be. Only a copy of a
/// snapshot may also live elsewhere, when that node takes none or has no room.
/// </summary>
internal sealed class InstanceCopies(IGrainFactory grains, NodeDirectory nodes, InstancePlacement placement)
{
    /// <exception cref="HypemanException">
    /// <c>invalid_state</c>: the node takes no instances now. <c>insufficient_resources</c>, <c>name_conflict</c>.
    /// </exception>
    public async Task<InstanceInfo> MakeAsync(InstanceOrder order)
    {
        try
        {
            await nodes.JudgeAsync(known => PlacementDecision.RequireOpen(known, order.Home));
            return await MakeAsync(order, order.Home);
        }
        catch (HypemanException refused) when (order.Origin is { SnapshotId: not null } && IsOfNode(refused))
        {
            if (await MakeElsewhereAsync(order) is { } made)
                return made;
            throw;
        }
    }

    private async Task<InstanceInfo?> MakeElsewhereAsync(InstanceOrder order)
    {
        var spec = order.Spec with { Hypervisor = order.Origin!.Hypervisor };
        var demand = InstanceDemand.Of(spec, order.Target == InstancePhase.Running ? InstancePhase.Created : InstancePhase.Stopped);
        try
        {
            await foreach (var node in placement.FindAsync(spec, order.Image.Platform, order.Image.Digest, demand))
                if (node.Id != order.Home && await TryAsync(order, node) is { } made)
                    return made;
        }
        catch (HypemanException none) when (IsOfNode(none) || none.Kind == ErrorKind.InvalidRequest)
        {
            // What the snapshot's own node said is nearer to what was asked.
        }
        return null;
    }

    private async Task<InstanceInfo?> TryAsync(InstanceOrder order, NodeInfo node)
    {
        try
        {
            return await MakeAsync(order, node.Id);
        }
        catch (HypemanException full) when (full.Kind == ErrorKind.InsufficientResources)
        {
            return null;
        }
    }

    // Each attempt has an id of its own: the grain of the one before was placed on another node.
    private Task<InstanceInfo> MakeAsync(InstanceOrder order, string node) =>
        PlacementHint.CallNewAsync(node, () => grains.Instance(ResourceId.New()).CreateAsync(order with { Home = node }));

    private static bool IsOfNode(HypemanException refused) =>
        refused.Kind is ErrorKind.InsufficientResources or ErrorKind.Unavailable || refused.Code == "invalid_state";
}

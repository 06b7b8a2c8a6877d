using Hypeman.Contracts;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Nodes;

namespace Hypeman.Grains.Instances;

/// <summary>Makes copies. They live where their source lives: memory and disk are shared as far as they can be.</summary>
internal sealed class InstanceCopies(IGrainFactory grains, NodeDirectory nodes)
{
    /// <exception cref="Contracts.Errors.HypemanException">
    /// <c>invalid_state</c>: the node takes no instances now. <c>insufficient_resources</c>, <c>name_conflict</c>.
    /// </exception>
    public async Task<InstanceInfo> MakeAsync(InstanceOrder order)
    {
        await nodes.JudgeAsync(known => PlacementDecision.RequireOpen(known, order.Home));
        return await PlacementHint.CallNewAsync(order.Home, () => grains.Instance(ResourceId.New()).CreateAsync(order));
    }
}

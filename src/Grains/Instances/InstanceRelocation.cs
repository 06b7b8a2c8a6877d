using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Nodes.Draining;

namespace Hypeman.Grains.Instances;

/// <summary>Has an instance move because somebody asks: 1 it may move now  2 a node can take it  3 it sets out.</summary>
internal sealed class InstanceRelocation(IGrainFactory grains, IResourceIndex index, NodeDirectory nodes, InstancePlacement placement)
{
    /// <summary>Begins it; what comes of it is in the instance's row.</summary>
    /// <returns>What it was before it set out.</returns>
    /// <exception cref="HypemanException">
    /// <c>not_found</c>, <c>invalid_state</c>, <c>invalid_request</c>, <c>insufficient_resources</c>, <c>unavailable</c>.
    /// </exception>
    public async Task<InstanceInfo> BeginAsync(string id, MoveSpec wish)
    {
        var row = await index.GetAsync(ResourceKind.Instance, id) ?? throw HypemanException.NotFound($"instance {id} not found");
        var instance = LivingInstance.Read(row);
        var running = wish.Restart ? DrainRunning.Restart : DrainRunning.Suspend;
        var verdict = DrainDecision.Of(instance.Info, running);
        if (verdict.Does != DrainVerdict.Deed.Move)
            throw HypemanException.InvalidState($"cannot be moved: {verdict.Reason ?? $"it is {Doing(instance.Info)}, try again when that is over"}");
        var target = await TargetAsync(instance, wish.Node, verdict.Restart);
        await grains.GetGrain<IInstanceMoves>(GrainKeys.InstancePrefix + id).MoveAsync(target.Id, running);
        return instance.Info;
    }

    private async Task<NodeInfo> TargetAsync(LivingInstance instance, string? wanted, bool restart)
    {
        var spec = instance.Spec;
        if (wanted is not null)
        {
            var node = await nodes.JudgeAsync(known => PlacementDecision.RequireOpen(known, Named(known, wanted, instance.Info.Home)));
            spec = spec with { Placement = (spec.Placement ?? new PlacementSpec()) with { Node = node.Id } };
        }
        return await placement
            .FindAsync(spec, instance.Info.Platform, instance.ImageDigest, instance.DemandOf(restart), except: instance.Info.Home)
            .FirstAsync();
    }

    private static string Named(IReadOnlyList<KnownNode> nodes, string wanted, string home)
    {
        var id = PlacementDecision.Named(nodes, wanted, "node").Info.Id;
        return id != home ? id : throw HypemanException.InvalidState($"cannot be moved: it lives on node '{wanted}' already");
    }

    private static string Doing(InstanceInfo instance) => instance.Operation is { } operation
        ? $"in the middle of its {operation}"
        : instance.Phase.ToString().ToLowerInvariant();
}

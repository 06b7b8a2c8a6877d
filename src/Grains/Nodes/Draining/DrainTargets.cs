using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Nodes;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>Where what leaves a node goes: instances by the same choice as new ones.</summary>
internal sealed class DrainTargets(NodeDirectory nodes, NodeLoads loads, InstancePlacement placement)
{
    /// <exception cref="HypemanException">Why no node takes it.</exception>
    public Task<NodeInfo> ForAsync(LivingInstance instance, bool restart) => placement
        .FindAsync(instance.Spec, instance.Info.Platform, instance.ImageDigest, instance.DemandOf(restart)).FirstAsync().AsTask();

    /// <inheritdoc cref="ForAsync(LivingInstance, bool)"/>
    public async Task<NodeInfo> ForAsync(SnapshotInfo snapshot)
    {
        var fitting = await nodes.JudgeAsync(known => PlacementDecision.Fitting(known, snapshot));
        return PlacementDecision.Best(fitting, await loads.AskAsync(fitting.Select(node => node.Id), imageDigest: null), snapshot);
    }

    /// <inheritdoc cref="ForAsync(LivingInstance, bool)"/>
    public async Task<NodeInfo> ForAsync(ImageInfo image)
    {
        var fitting = await nodes.JudgeAsync(known => PlacementDecision.Fitting(known, image));
        var known = await loads.AskAsync(fitting.Select(node => node.Id), image.Digest);
        return PlacementDecision.Best(fitting, known, image);
    }
}

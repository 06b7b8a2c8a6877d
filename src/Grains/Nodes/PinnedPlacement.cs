using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Hypeman.Grains.Nodes;

/// <summary>The grain is activated on the silo of the node that holds what it stands for.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PinnedPlacementAttribute() : PlacementAttribute(new PinnedPlacement());

[Serializable, GenerateSerializer, Immutable, Alias("hypeman.pinned-placement")]
internal sealed class PinnedPlacement : PlacementStrategy;

/// <summary>
/// Finds the silo of a grain's home. The home comes from whoever is making the thing (<see cref="PlacementHint"/>), else
/// from the index. While the home is away every caller picks the same stand-in, which only tells what is known.
/// Homes are not cached here: a grain is placed once, and reads its own record from the same store right after.
/// </summary>
internal sealed class PinnedPlacementDirector(NodeSilos silos, IResourceIndex index) : IPlacementDirector
{
    public async Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var candidates = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, candidates) is { } migratingTo)
            return migratingTo;
        var home = PlacementHint.Read(target.RequestContextData) ?? await FindHomeAsync(target.GrainIdentity);
        var key = target.GrainIdentity.ToString();
        return (home is null ? null : silos.Find(home, candidates)) ?? Rendezvous.Pick(candidates, key, silos.NameOf);
    }

    private async Task<string?> FindHomeAsync(GrainId grain) => KindOf(grain.Key.ToString()!) is var (kind, id)
        ? (await index.GetAsync(kind, id))?.Home
        : null;

    private static (ResourceKind, string)? KindOf(string key) => key switch
    {
        _ when key.StartsWith(GrainKeys.InstancePrefix, StringComparison.Ordinal) =>
            (ResourceKind.Instance, key[GrainKeys.InstancePrefix.Length..]),
        _ when key.StartsWith(GrainKeys.ImagePrefix, StringComparison.Ordinal) =>
            (ResourceKind.Image, key[GrainKeys.ImagePrefix.Length..]),
        _ when key.StartsWith(GrainKeys.NodePrefix, StringComparison.Ordinal) =>
            (ResourceKind.Node, key[GrainKeys.NodePrefix.Length..]),
        _ => null,
    };
}

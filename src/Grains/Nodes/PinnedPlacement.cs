using Hypeman.Contracts.Nodes;
using Orleans.GrainDirectory;
using Orleans.Placement;
using Orleans.Runtime.Placement;

namespace Hypeman.Grains.Nodes;

/// <summary>The grain is activated on the silo of the node that holds what it stands for, and looked for only there.</summary>
[AttributeUsage(AttributeTargets.Class)]
internal sealed class PinnedPlacementAttribute() : PlacementAttribute(new PinnedPlacement())
{
    public override void Populate(IServiceProvider services, Type grainClass, GrainType grainType, Dictionary<string, string> properties)
    {
        base.Populate(services, grainClass, grainType, properties);
        new GrainDirectoryAttribute(HomeDirectory.Name).Populate(services, grainClass, grainType, properties);
    }
}

[Serializable, GenerateSerializer, Immutable, Alias("hypeman.pinned-placement")]
internal sealed class PinnedPlacement : PlacementStrategy;

/// <summary>
/// Finds the silo of a grain's home. The home comes from whoever is making the thing (<see cref="PlacementHint"/>), else
/// from <see cref="GrainHomes"/>. While the home is away every caller picks the same stand-in, which only tells what is known.
/// </summary>
internal sealed class PinnedPlacementDirector(NodeSilos silos, GrainHomes homes) : IPlacementDirector
{
    public async Task<SiloAddress> OnAddActivation(
        PlacementStrategy strategy, PlacementTarget target, IPlacementContext context)
    {
        var candidates = context.GetCompatibleSilos(target);
        if (IPlacementDirector.GetPlacementHint(target.RequestContextData, candidates) is { } migratingTo)
            return migratingTo;
        var home = PlacementHint.Read(target.RequestContextData) ?? await homes.FindAsync(target.GrainIdentity);
        var key = target.GrainIdentity.ToString();
        return (home is null ? null : silos.Find(home, candidates)) ?? Rendezvous.Pick(candidates, key, silos.NameOf);
    }
}

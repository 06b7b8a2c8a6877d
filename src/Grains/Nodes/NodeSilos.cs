using System.Globalization;
using Microsoft.Extensions.DependencyInjection;
using Orleans.Metadata;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// Which silo is which node, by name: the name is part of the membership row, so it is there as soon as the silo is.
/// </summary>
internal sealed class NodeSilos(IServiceProvider services, IClusterManifestProvider manifests)
{
    // The oracle needs the placement directors to be made, and they need this.
    private ISiloStatusOracle Oracle => services.GetRequiredService<ISiloStatusOracle>();

    /// <summary>
    /// The name of the silo that a node belongs to: the node's id. Simulated nodes share a silo, whose name stands
    /// before a dot in theirs.
    /// </summary>
    public static string NameFor(string node) => node.Split('.', 2)[0];

    /// <summary>Another whenever <see cref="IsUp"/> may answer otherwise than before.</summary>
    public object Moment => (services.GetRequiredService<IClusterMembershipService>().CurrentSnapshot.Version, manifests.Current.Version);

    /// <summary>Whether grains can be placed on the node: its silo is a member, and known to hold grains.</summary>
    public bool IsUp(string node) => FindUp(node) is not null;

    /// <summary>The silo of a node that is up; null when it is not.</summary>
    public SiloAddress? FindUp(string node) =>
        Find(node, Active) is { } silo && manifests.Current.Silos.ContainsKey(silo) ? silo : null;

    /// <summary>The silo of a node among <paramref name="candidates"/>; a silo that came back hides its predecessor.</summary>
    public SiloAddress? Find(string node, IEnumerable<SiloAddress> candidates) =>
        candidates.Where(silo => NameOf(silo) == NameFor(node)).MaxBy(silo => silo.Generation);

    public string NameOf(SiloAddress silo) =>
        Oracle.TryGetSiloName(silo, out var name) ? name : silo.Generation.ToString(CultureInfo.InvariantCulture);

    private IEnumerable<SiloAddress> Active => Oracle.GetApproximateSiloStatuses(onlyActive: true).Keys;
}

using System.Collections.Concurrent;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;
using Orleans.Core.Internal;

namespace Hypeman.Grains.Nodes;

/// <summary>Activations on this silo that stand in for a home that is away.</summary>
internal sealed class DisplacedActivations
{
    private readonly ConcurrentDictionary<GrainId, string> _homes = new();

    public IReadOnlyCollection<KeyValuePair<GrainId, string>> All => [.. _homes];

    public void Add(GrainId grain, string home) => _homes[grain] = home;

    public void Remove(GrainId grain) => _homes.TryRemove(grain, out _);
}

/// <summary>
/// Sends displaced activations home, once a second, when their home is back. Moving asks placement first and does
/// nothing when the answer is this silo, so repeating is safe; moving at the news of the new silo is not, as grains
/// cannot be placed on it yet at that moment.
/// </summary>
internal sealed class HomewardLoop(
    DisplacedActivations displaced, NodeSilos silos, IGrainFactory grains, ILogger<HomewardLoop> logger)
    : SiloLoop(TimeProvider.System, TimeSpan.FromSeconds(1), logger)
{
    protected override async Task RoundAsync(CancellationToken cancellationToken)
    {
        foreach (var (grain, home) in displaced.All)
            if (silos.IsUp(home))
                await grains.GetGrain(grain).AsReference<IGrainManagementExtension>().MigrateOnIdle(cancellationToken);
    }
}

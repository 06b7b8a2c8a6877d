using System.Collections.Concurrent;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes;

/// <summary>Activations on this silo that stand in for a home that is away.</summary>
internal sealed class DisplacedActivations
{
    private readonly ConcurrentDictionary<IGrainContext, string> _homes = new();
    private volatile bool _hasStrays;

    public IReadOnlyCollection<KeyValuePair<IGrainContext, string>> All => [.. _homes];

    /// <summary>Others may take this silo for the home of what is elsewhere by now.</summary>
    public bool HasStrays => _hasStrays;

    /// <summary>One was here, or was sought here.</summary>
    public void ExpectStrays() => _hasStrays = true;

    public void Add(IGrainContext activation, string home)
    {
        ExpectStrays();
        _homes[activation] = home;
    }

    public void Remove(IGrainContext activation) => _homes.TryRemove(activation, out _);
}

/// <summary>
/// Sends displaced activations home, once a second, when their home is back. Moving asks placement first and does
/// nothing when the answer is this silo, so repeating is safe; moving at the news of the new silo is not, as grains
/// cannot be placed on it yet at that moment. What was deleted at home has no row any more, hence the hint.
/// </summary>
internal sealed class HomewardLoop(DisplacedActivations displaced, NodeSilos silos, ILogger<HomewardLoop> logger)
    : SiloLoop(TimeProvider.System, TimeSpan.FromSeconds(1), logger)
{
    protected override Task RoundAsync(CancellationToken cancellationToken)
    {
        foreach (var (activation, home) in displaced.All)
            if (silos.IsUp(home))
                activation.Migrate(PlacementHint.For(home), cancellationToken);
        return Task.CompletedTask;
    }
}

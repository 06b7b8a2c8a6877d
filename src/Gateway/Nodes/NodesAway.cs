using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Orleans.Runtime;

namespace Hypeman.Gateway.Nodes;

/// <summary>The nodes that are away, asked for at most once a second: lists must not cost a call each.</summary>
internal sealed class NodesAway(IGrainFactory grains, TimeProvider clock)
{
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly Lock _gate = new();
    private IReadOnlySet<string> _known = new HashSet<string>();
    private Task<IReadOnlySet<string>>? _asking;
    private long _askedAt;

    public Task<IReadOnlySet<string>> GetAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            if (_asking is null || clock.GetElapsedTime(_askedAt) > Freshness)
                (_asking, _askedAt) = (AskAsync(), clock.GetTimestamp());
            return _asking.WaitAsync(cancellationToken);
        }
    }

    // The list itself comes from the index: it must not fail because no silo can be asked who is there.
    private async Task<IReadOnlySet<string>> AskAsync()
    {
        try
        {
            return _known = (await grains.NodeCatalog().AwayAsync()).ToHashSet();
        }
        catch (Exception error) when (error is HypemanException or OrleansException or TimeoutException)
        {
            return _known;
        }
    }
}

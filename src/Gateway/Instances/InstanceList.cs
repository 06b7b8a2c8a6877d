using System.Runtime.CompilerServices;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Nodes;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>
/// Lists instances from the index, as a look at each would show them: what lives on a node that is away is Unknown,
/// whatever it was when its row was written.
/// </summary>
internal sealed class InstanceList(ResourceLookup lookup, NodesAway nodes)
{
    private const string Unknown = nameof(InstancePhase.Unknown);

    public async IAsyncEnumerable<InstanceInfo> ReadAsync(ResourceQuery query, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var away = await nodes.GetAsync(cancellationToken);
        await foreach (var info in lookup.ListAsync<InstanceInfo>(query, cancellationToken))
            if (!away.Contains(info.Home))
                yield return info;
            else if (query.State is null)
                yield return AsAway(info);
        if (query.State != Unknown)
            yield break;
        foreach (var home in away)
            await foreach (var info in lookup.ListAsync<InstanceInfo>(query with { State = null, Home = home }, cancellationToken))
                yield return AsAway(info);
    }

    private static InstanceInfo AsAway(InstanceInfo info) => info with
    {
        Phase = InstancePhase.Unknown,
        StateError = $"node {info.Home} cannot be reached; the instance was {info.Phase} when last seen",
    };
}

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

    public async Task<List<InstanceInfo>> ReadAsync(ResourceQuery query, CancellationToken cancellationToken)
    {
        var away = await nodes.GetAsync(cancellationToken);
        var infos = await lookup.ListAsync<InstanceInfo>(query, cancellationToken);
        if (away.Count == 0)
            return infos;
        if (query.State is null)
            return infos.ConvertAll(info => away.Contains(info.Home) ? AsAway(info) : info);
        infos.RemoveAll(info => away.Contains(info.Home));
        if (query.State == Unknown)
            foreach (var home in away)
                infos.AddRange((await lookup.ListAsync<InstanceInfo>(query with { State = null, Home = home }, cancellationToken)).Select(AsAway));
        return infos;
    }

    private static InstanceInfo AsAway(InstanceInfo info) => info with
    {
        Phase = InstancePhase.Unknown,
        StateError = $"node {info.Home} cannot be reached; the instance was {info.Phase} when last seen",
    };
}

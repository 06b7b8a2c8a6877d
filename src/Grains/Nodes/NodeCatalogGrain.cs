using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Nodes;
using Orleans.Concurrency;

namespace Hypeman.Grains.Nodes;

/// <summary>Puts together what the index, the table of members and the nodes themselves know of each node.</summary>
[GrainType("node-catalog"), StatelessWorker]
internal sealed class NodeCatalogGrain(NodeDirectory directory, NodeHolders holders, NodeLoads loads) : Grain, INodeCatalogGrain
{
    public async Task<IReadOnlyList<NodeView>> ListAsync() => await ViewAsync(await directory.AllAsync());

    public async Task<NodeView> GetAsync(string idOrHostname)
    {
        var node = await directory.FindAsync(idOrHostname);
        return (await ViewAsync([await directory.LookAsync(node)])).Single();
    }

    public async Task<IReadOnlyList<string>> AwayAsync() =>
        [.. (await directory.AllAsync()).Where(node => node.Condition is NodeCondition.Unreachable or NodeCondition.Removed).Select(node => node.Info.Id)];

    private async Task<IReadOnlyList<NodeView>> ViewAsync(IReadOnlyList<KnownNode> nodes)
    {
        var seen = await holders.SignsOfLifeAsync();
        var up = nodes.Where(node => node.IsUp).Select(node => node.Info.Id).ToList();
        var known = await loads.AskAsync(up, imageDigest: null);
        return [.. nodes.Select(node => new NodeView
        {
            Info = node.Info,
            Condition = node.Condition,
            SeenAt = seen.TryGetValue(NodeSilos.NameFor(node.Info.Id), out var at) ? at : null,
            Load = known.GetValueOrDefault(node.Info.Id),
            CreatedAt = node.CreatedAt,
        })];
    }
}

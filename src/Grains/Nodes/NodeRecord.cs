using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;

namespace Hypeman.Grains.Nodes;

/// <summary>The row of a node, which several write: whoever was not first looks again.</summary>
internal sealed class NodeRecord(IResourceIndex index)
{
    /// <exception cref="HypemanException"><c>not_found</c></exception>
    public async Task<NodeInfo> GetAsync(string id) => ResourceSummary.Read<NodeInfo>(await RowAsync(id));

    /// <param name="id">Of the node.</param>
    /// <param name="change">Pure; may refuse by throwing. The same object: nothing is written.</param>
    /// <exception cref="HypemanException"><c>not_found</c>; <c>invalid_state</c> when it was removed.</exception>
    public async Task<NodeInfo> ChangeAsync(string id, Func<NodeInfo, NodeInfo> change)
    {
        while (true)
        {
            var row = await RowAsync(id);
            var before = ResourceSummary.Read<NodeInfo>(row);
            if (before.RemovedAt is { } removedAt)
                throw HypemanException.InvalidState($"node {id} was removed on {removedAt:u}");
            var after = change(before);
            if (after == before || await index.UpdateAsync(NodeRows.Of(after, row.Version + 1, row.CreatedAt)))
                return after;
        }
    }

    private async Task<ResourceRow> RowAsync(string id) =>
        await index.GetAsync(ResourceKind.Node, id) ?? throw HypemanException.NotFound("node not found");
}

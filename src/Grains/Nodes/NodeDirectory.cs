using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;

namespace Hypeman.Grains.Nodes;

/// <summary>The nodes that something new can be put on.</summary>
internal sealed class NodeDirectory(IResourceIndex index, NodeSilos silos)
{
    /// <summary>The registered nodes whose silo is a member now; at least one.</summary>
    /// <exception cref="HypemanException"><c>unavailable</c> when there is none.</exception>
    public async Task<IReadOnlyList<NodeInfo>> UpAsync()
    {
        var up = new List<NodeInfo>();
        await foreach (var row in index.ListAsync(new ResourceQuery(ResourceKind.Node)))
            if (silos.IsUp(row.Id))
                up.Add(ResourceSummary.Read<NodeInfo>(row));
        return up.Count > 0
            ? up
            : throw new HypemanException(ErrorKind.Unavailable, "unavailable", "no node is up, please try again shortly");
    }
}

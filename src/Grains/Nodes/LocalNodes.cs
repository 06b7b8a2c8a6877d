using Hypeman.Contracts.Errors;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// The nodes under this silo: the host it runs on, or none. Only a silo that simulates nodes has several; see
/// <see cref="NodeSilos.NameFor"/> for how they are told apart.
/// </summary>
internal sealed class LocalNodes
{
    private readonly Dictionary<string, INode> _nodes;

    public LocalNodes(ILocalSiloDetails silo, IEnumerable<INode> nodes)
    {
        _nodes = nodes.ToDictionary(node => node.Facts.NodeId);
        if (_nodes.Keys.FirstOrDefault(node => NodeSilos.NameFor(node) != silo.Name) is { } stranger)
            throw new InvalidOperationException(
                $"The silo is named {silo.Name} but its node is {stranger}; a node's silo must carry the node's id.");
    }

    public IReadOnlyCollection<INode> All => _nodes.Values;

    public INode? Find(string home) => _nodes.GetValueOrDefault(home);

    public bool IsHome(string home) => _nodes.ContainsKey(home);

    /// <summary>The node, for work on something that lives on <paramref name="home"/>.</summary>
    /// <exception cref="HypemanException"><c>unavailable</c>: this silo only stands in for that node.</exception>
    public INode Require(string home) => Find(home) ?? throw new HypemanException(
        ErrorKind.Unavailable, "unavailable", $"node {home} cannot be reached now, please try again shortly");
}

using Hypeman.Contracts.Errors;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// The nodes under this silo: the host it runs on, or none. Only a silo that simulates nodes has several; see
/// <see cref="NodeSilos.NameFor"/> for how they are told apart.
/// </summary>
internal sealed class LocalNodes(ILocalSiloDetails silo, IEnumerable<INode> nodes)
{
    // Asked for only when they are used: a node knows its facts once it has started, which is after this is made.
    private readonly Lazy<Dictionary<string, INode>> _nodes = new(
        () => ById(silo.Name, nodes), LazyThreadSafetyMode.PublicationOnly);

    public IReadOnlyCollection<INode> All => _nodes.Value.Values;

    public INode? Find(string home) => _nodes.Value.GetValueOrDefault(home);

    public bool IsHome(string home) => _nodes.Value.ContainsKey(home);

    /// <summary>The node, for work on something that lives on <paramref name="home"/>.</summary>
    /// <exception cref="HypemanException"><c>unavailable</c>: this silo only stands in for that node.</exception>
    public INode Require(string home) => Find(home) ?? throw new HypemanException(
        ErrorKind.Unavailable, "unavailable", $"node {home} cannot be reached now, please try again shortly");

    private static Dictionary<string, INode> ById(string silo, IEnumerable<INode> nodes)
    {
        var byId = nodes.ToDictionary(node => node.Facts.NodeId);
        return byId.Keys.FirstOrDefault(node => NodeSilos.NameFor(node) != silo) is { } stranger
            ? throw new InvalidOperationException(
                $"The silo is named {silo} but its node is {stranger}; a node's silo must carry the node's id.")
            : byId;
    }
}

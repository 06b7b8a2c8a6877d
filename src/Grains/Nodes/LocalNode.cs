using Hypeman.Contracts.Errors;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Grains.Nodes;

/// <summary>The host under this silo, if the silo has one. A node's silo carries the node's id as its name.</summary>
internal sealed class LocalNode(ILocalSiloDetails silo, IServiceProvider services)
{
    /// <summary>The name of this silo: the node's id where there is a node.</summary>
    public string Id => silo.Name;

    public INode? Node { get; } = services.GetService<INode>();

    public bool IsHome(string home) => Node is not null && home == Id;

    /// <summary>The node, for work on something that lives on <paramref name="home"/>.</summary>
    /// <exception cref="HypemanException"><c>unavailable</c>: this silo only stands in for that node.</exception>
    public INode Require(string home) => IsHome(home) ? Node! : throw new HypemanException(
        ErrorKind.Unavailable, "unavailable", $"node {home} cannot be reached now, please try again shortly");
}

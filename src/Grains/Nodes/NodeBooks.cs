using System.Collections.Concurrent;
using Hypeman.Contracts.Index;

namespace Hypeman.Grains.Nodes;

/// <summary>The books of this silo's nodes.</summary>
internal sealed class NodeBooks(LocalNodes local, IResourceIndex index)
{
    private readonly ConcurrentDictionary<string, NodeBook> _books = new();

    /// <exception cref="Contracts.Errors.HypemanException"><c>unavailable</c>: the node is not of this silo.</exception>
    public NodeBook Of(string home) => _books.GetOrAdd(home, _ => new NodeBook(local.Require(home).Facts, index));
}

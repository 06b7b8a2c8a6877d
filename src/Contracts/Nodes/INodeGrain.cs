using Orleans.Concurrency;

namespace Hypeman.Contracts.Nodes;

/// <summary>
/// One node. Runs on the node's own silo while that is a member, else on another one, so that a node that is away can
/// still be cordoned or removed.
/// </summary>
[Alias("hypeman.node")]
public interface INodeGrain : IGrainWithStringKey
{
    /// <summary>Gives it nothing new from now on. Repeating it is free.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>; <c>invalid_state</c> when it was removed.</exception>
    [Alias("Cordon")] Task CordonAsync();

    /// <inheritdoc cref="CordonAsync"/>
    [Alias("Uncordon")] Task UncordonAsync();

    /// <summary>Takes a node that will not return out of the fleet.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>; <c>invalid_state</c> while it is a member.</exception>
    [Alias("Remove")] Task RemoveAsync();

    /// <summary>
    /// Promises room to an instance that is to move here. What does not come for a minute or two is forgotten.
    /// </summary>
    /// <exception cref="Errors.HypemanException">
    /// <c>insufficient_resources</c>; <c>invalid_state</c> when it takes nothing now; <c>unavailable</c> while it is away.
    /// </exception>
    [Alias("Reserve")] Task ReserveAsync(string instanceId, long memoryBytes, long diskBytes);

    /// <summary>What is promised on it.</summary>
    /// <param name="imageDigest">Whether this image is there is told too.</param>
    /// <exception cref="Errors.HypemanException"><c>unavailable</c> while it is away.</exception>
    [Alias("Load"), AlwaysInterleave] Task<NodeLoad> LoadAsync(string? imageDigest);
}

/// <summary>All nodes of the fleet with what they are now. Holds no state.</summary>
[Alias("hypeman.node-catalog")]
public interface INodeCatalogGrain : IGrainWithIntegerKey
{
    [Alias("List")] Task<IReadOnlyList<NodeView>> ListAsync();

    /// <param name="idOrHostname">Its id, a prefix of that, or its host name.</param>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>, <c>ambiguous</c>.</exception>
    [Alias("Get")] Task<NodeView> GetAsync(string idOrHostname);

    /// <summary>Ids of the nodes that are away or removed: what lives there cannot be asked.</summary>
    [Alias("Away")] Task<IReadOnlyList<string>> AwayAsync();
}

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

    /// <summary>Lets it take instances again. Repeating it is free.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>; <c>invalid_state</c> when it was removed, or is being drained.</exception>
    [Alias("Uncordon")] Task UncordonAsync();

    /// <summary>What a drain would do now. Changes nothing.</summary>
    [Alias("PlanDrain")] Task<DrainPlan> PlanDrainAsync(DrainRunning running);

    /// <summary>
    /// Cordons it and begins to move what it has. One that is under way goes on, with what is said now of those that run. A
    /// node that is away begins when it is back.
    /// </summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>; <c>invalid_state</c> when it was removed.</exception>
    [Alias("Drain")] Task<NodeDrain> DrainAsync(DrainRunning running);

    /// <summary>Ends the drain. The node stays cordoned; what has arrived elsewhere stays there.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>; <c>invalid_state</c> when it is not being drained.</exception>
    [Alias("CancelDrain")] Task<NodeDrain> CancelDrainAsync();

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

    /// <summary>
    /// Has this node fetch a copy of a snapshot that lives elsewhere; false until it is there. One that somebody has come to
    /// live here stays.
    /// </summary>
    /// <exception cref="Errors.HypemanException">It cannot be had, or could not be used here.</exception>
    [Alias("FetchSnapshot")] Task<bool> FetchSnapshotAsync(string snapshotId);

    /// <summary>Makes an image usable here that another node has. False while that is under way: ask again.</summary>
    /// <exception cref="Errors.HypemanException">Why it cannot be had; <c>unavailable</c> while the node is away.</exception>
    [Alias("FetchImage"), AlwaysInterleave] Task<bool> FetchImageAsync(Images.ImageInfo image);

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

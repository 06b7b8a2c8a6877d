namespace Hypeman.Grains.Instances;

/// <summary>The side of an instance grain that only its node's reconciler calls.</summary>
[Alias("hypeman.instance-reconcile")]
internal interface IInstanceReconcile : IGrainWithStringKey
{
    /// <summary>
    /// Looks at the record, the node and the index, and begins what is missing. Needs no hint of what happened and
    /// may be repeated at any time. False when there is no such instance.
    /// </summary>
    [Alias("Reconcile")] Task<bool> ReconcileAsync();

    /// <summary>Who may hold something of it, as the record says; null when there is no such instance.</summary>
    [Alias("Owner"), Orleans.Concurrency.AlwaysInterleave] Task<InstanceOwner?> OwnerAsync();
}

/// <summary>Whose an instance is.</summary>
/// <param name="Home">The node that it lives on.</param>
/// <param name="MovedFrom">The node that still has its disk, while that is on its way.</param>
/// <param name="Epoch">Counts the owners. What a node holds of a later one is not for this answer to judge.</param>
[GenerateSerializer, Immutable, Alias("hypeman.instance-owner")]
internal sealed record InstanceOwner([property: Id(0)] string Home, [property: Id(1)] string? MovedFrom, [property: Id(2)] long Epoch);

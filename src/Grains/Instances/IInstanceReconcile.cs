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
}

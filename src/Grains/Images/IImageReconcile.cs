namespace Hypeman.Grains.Images;

/// <summary>The side of an image grain that only its node's reconciler calls.</summary>
[Alias("hypeman.image-reconcile")]
internal interface IImageReconcile : IGrainWithStringKey
{
    /// <summary>Takes up what is under way, and makes again what was lost. False when there is no such image.</summary>
    [Alias("Reconcile")] Task<bool> ReconcileAsync();
}

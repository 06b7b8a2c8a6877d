using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Grains.Snapshots;

/// <summary>The side of a snapshot grain that only the fleet's own grains and loops call.</summary>
[Alias("hypeman.snapshot-uses")]
internal interface ISnapshotUses : IGrainWithStringKey
{
    /// <inheritdoc cref="SnapshotLifecycle.Fork"/>
    [Alias("PrepareFork")] Task<InstanceOrder> PrepareForkAsync(ForkSpec spec);

    /// <inheritdoc cref="SnapshotLifecycle.Revert"/>
    [Alias("PrepareRevert")] Task<RevertOrder> PrepareRevertAsync(string instanceId, RevertSpec wish);

    /// <summary>Has it live on another node, which has a copy. False: it is being taken or deleted.</summary>
    [Alias("Move")] Task<bool> MoveAsync(string target);

    /// <summary>Goes on with what is under way. False: there is no record.</summary>
    [Alias("Reconcile")] Task<bool> ReconcileAsync();
}

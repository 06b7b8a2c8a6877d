using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Grains.Instances;

/// <summary>The side of an instance grain that only makers of copies call.</summary>
[Alias("hypeman.instance-forks")]
internal interface IInstanceForks : IGrainWithStringKey
{
    /// <summary>What to order of a new grain that is to be a copy of this instance as it is now.</summary>
    /// <exception cref="Contracts.Errors.HypemanException">See <see cref="InstanceFork.Of(InstanceState, ForkSpec)"/>.</exception>
    [Alias("PrepareFork")] Task<InstanceOrder> PrepareForkAsync(ForkSpec spec);

    /// <summary>What to order of a new grain that is to be a snapshot of this instance.</summary>
    /// <exception cref="Contracts.Errors.HypemanException"><c>conflict</c>: the instance is not in a state for it.</exception>
    [Alias("PrepareSnapshot")] Task<SnapshotOrder> PrepareSnapshotAsync(SnapshotSpec spec);

    /// <summary>Begins to put the instance back to one of its snapshots.</summary>
    /// <exception cref="Contracts.Errors.HypemanException"><c>invalid_state</c>, <c>not_supported</c>, <c>insufficient_resources</c>.</exception>
    [Alias("Revert")] Task<InstanceInfo> RevertAsync(RevertOrder order);
}

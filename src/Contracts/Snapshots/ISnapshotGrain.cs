using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Orleans.Concurrency;

namespace Hypeman.Contracts.Snapshots;

/// <summary>
/// One snapshot, on the silo of the node that holds it. It outlives the instance it is of. Taking and deleting return at
/// once: follow <see cref="WatchAsync"/> for the outcome.
/// </summary>
[Alias("hypeman.snapshot")]
public interface ISnapshotGrain : IGrainWithStringKey
{
    /// <exception cref="Errors.HypemanException"><c>conflict</c> when the instance has a snapshot of this name.</exception>
    [Alias("Take")] Task<SnapshotInfo> TakeAsync(SnapshotOrder order);

    /// <exception cref="Errors.HypemanException"><c>not_found</c></exception>
    [Alias("Get"), AlwaysInterleave] Task<SnapshotInfo> GetAsync();

    /// <summary>Begins the deletion. What was made from it needs it no more.</summary>
    [Alias("Delete")] Task DeleteAsync();

    /// <summary>The present info, then every change; ends when the snapshot is gone.</summary>
    [Alias("Watch")] IAsyncEnumerable<SnapshotInfo> WatchAsync(CancellationToken cancellationToken);
}

/// <summary>Where snapshots are begun: asks the instance whether it can be, then has the new snapshot's grain take it.</summary>
[Alias("hypeman.snapshot-factory")]
public interface ISnapshotFactoryGrain : IGrainWithIntegerKey
{
    /// <exception cref="Errors.HypemanException"><c>not_found</c>, <c>conflict</c>.</exception>
    [Alias("Take")] Task<SnapshotInfo> TakeAsync(string instanceId, SnapshotSpec spec);

    /// <summary>Begins to make an instance from a snapshot.</summary>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>, <c>invalid_request</c>, <c>conflict</c>, <c>insufficient_resources</c>.</exception>
    [Alias("Fork")] Task<InstanceInfo> ForkAsync(string snapshotId, ForkSpec spec);

    /// <summary>Begins to put an instance back to one of its snapshots.</summary>
    /// <param name="instanceId">Of the source of the snapshot.</param>
    /// <param name="snapshotId">Of the snapshot.</param>
    /// <param name="wish">What is to come of it.</param>
    /// <exception cref="Errors.HypemanException"><c>not_found</c>, <c>invalid_request</c>, <c>invalid_state</c>.</exception>
    [Alias("Revert")] Task<InstanceInfo> RevertAsync(string instanceId, string snapshotId, RevertSpec wish);
}

/// <summary>A wish to go back to a snapshot.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.revert-spec")]
public sealed record RevertSpec
{
    /// <summary>What the instance is then to become: Running, Standby or Stopped; null takes what the snapshot is of.</summary>
    [Id(0)] public InstancePhase? Target { get; init; }

    /// <summary>What it is to run under; null takes what the snapshot was taken under. Only for kind Stopped.</summary>
    [Id(1)] public string? Hypervisor { get; init; }
}

/// <summary>All that a snapshot grain needs to take its snapshot.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-order")]
public sealed record SnapshotOrder
{
    [Id(0)] public required SnapshotSpec Spec { get; init; }
    [Id(1)] public required string SourceId { get; init; }

    /// <summary>Of the instance's owner.</summary>
    [Id(2)] public required long SourceEpoch { get; init; }

    /// <summary>What the instance was asked for, with its name: so are instances that are made from it.</summary>
    [Id(3)] public required InstanceSpec Instance { get; init; }

    [Id(4)] public required ImageInfo Image { get; init; }
    [Id(5)] public required string Hypervisor { get; init; }
    [Id(6)] public required string Home { get; init; }

    /// <summary>Null for none.</summary>
    [Id(7)] public SnapshotCompression? Compression { get; init; }
}

/// <summary>An order to an instance to go back to a snapshot.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.revert-order")]
public sealed record RevertOrder
{
    [Id(0)] public required string SnapshotId { get; init; }
    [Id(1)] public required bool WithMemory { get; init; }

    /// <summary>Running, Standby or Stopped.</summary>
    [Id(2)] public required InstancePhase Target { get; init; }

    /// <summary>What the instance is to run under.</summary>
    [Id(4)] public required string Hypervisor { get; init; }
}

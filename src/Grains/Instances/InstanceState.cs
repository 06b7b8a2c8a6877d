using System.Text.Json.Serialization;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Instances;

/// <summary>What an instance is wanted to be, whatever it is now.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<InstanceIntent>))]
internal enum InstanceIntent
{
    Running,
    Stopped,
    Gone,
    Standby,
}

/// <summary>What is being done to an instance.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<OperationKind>))]
internal enum OperationKind
{
    Create,
    Start,
    Stop,
    Delete,
    Move,
    Standby,
    Restore,
    Fork,
    Revert,
}

/// <summary>The operation in flight; written before anything is done for it.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-operation")]
internal sealed record InstanceOperation
{
    [Id(0)] public required OperationKind Kind { get; init; }

    /// <summary>Tells this operation from any other of the instance: the version of the record that began it.</summary>
    [Id(1)] public required long Number { get; init; }

    [Id(2)] public required DateTimeOffset StartedAt { get; init; }

    /// <summary>The guest is asked before it is ended; for Stop and Delete.</summary>
    [Id(3)] public bool Graceful { get; init; } = true;

    /// <summary>Attempts that have failed.</summary>
    [Id(4)] public int Failures { get; init; }

    /// <summary>For Move: the new home.</summary>
    [Id(5)] public string? Target { get; init; }

    /// <summary>For Move and Stop: it ran, and is to run again.</summary>
    [Id(6)] public bool Restart { get; init; }

    /// <summary>For Move: it is put to sleep for the way, and goes on with its memory.</summary>
    [Id(11)] public bool Suspend { get; init; }

    /// <summary>For Move: when the old home last gave something of the disk.</summary>
    [Id(7)] public DateTimeOffset? HeardAt { get; init; }

    /// <summary>For Revert: what to go back to.</summary>
    [Id(8)] public RevertOrder? Snapshot { get; init; }

    /// <summary>For Standby: how its memory is compressed then, null for not at all, and how much later.</summary>
    [Id(9)] public SnapshotCompression? Compression { get; init; }

    /// <inheritdoc cref="Compression"/>
    [Id(10)] public TimeSpan CompressionDelay { get; init; }

    /// <summary>For Start and Stop: its restart policy wants it, nobody has asked for it.</summary>
    [Id(12)] public bool IsAutomatic { get; init; }

    /// <summary>For Standby: nobody has asked for it, so that it is undone when somebody uses the instance again.</summary>
    [Id(13)] public bool OnlyIfIdle { get; init; }
}

/// <summary>
/// The stored record of an instance: what it is wanted to be (<see cref="Intent"/>), what its node last saw
/// (<see cref="Observed"/>) and what is being done about it (<see cref="Operation"/>). The phase that the API shows is
/// none of these; <see cref="InstancePhases"/> derives it.
/// </summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-state")]
internal sealed record InstanceState : IVersioned<InstanceState>, IIndexedRecord
{
    public const int CurrentSchema = 1;

    [Id(0)] public int SchemaVersion { get; init; } = CurrentSchema;
    [Id(1)] public required string Id { get; init; }
    [Id(2)] public required InstanceSpec Spec { get; init; }

    /// <summary>The image as it was when the instance was made; its tag may have moved since.</summary>
    [Id(3)] public required ImageInfo Image { get; init; }

    [Id(4)] public required string Home { get; init; }
    [Id(5)] public required string Hypervisor { get; init; }
    [Id(6)] public required long Epoch { get; init; }

    /// <summary>Number of the last boot that was ordered; a new attempt is a new boot.</summary>
    [Id(7)] public required long Boot { get; init; }

    [Id(8)] public required InstanceIntent Intent { get; init; }
    [Id(9)] public required ObservedVm Observed { get; init; }
    [Id(10)] public InstanceOperation? Operation { get; init; }

    /// <summary>Why the last operation failed; null when it did not.</summary>
    [Id(11)] public InstanceFailure? Failure { get; init; }

    [Id(12)] public required PhaseClock Clock { get; init; }
    [Id(13)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(14)] public DateTimeOffset? StartedAt { get; init; }
    [Id(15)] public DateTimeOffset? StoppedAt { get; init; }

    /// <summary>Rises with every change; orders the rows in the index.</summary>
    [Id(16)] public required long Version { get; init; }

    /// <summary>The node that still has the disk, while that is on its way to <see cref="Home"/>.</summary>
    [Id(17)] public string? MovedFrom { get; init; }

    /// <summary>Why the last move did not come about. Nothing is wrong with the instance for that.</summary>
    [Id(18)] public string? MoveError { get; init; }

    /// <summary>What it began as a copy of; null when it is none.</summary>
    [Id(19)] public InstanceOrigin? Origin { get; init; }

    /// <summary>When it is deleted; null: not by itself.</summary>
    [Id(20)] public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>How far its restart policy is; also, without one, whether it was stopped by hand.</summary>
    [Id(21)] public RestartStatus Restart { get; init; } = RestartStatus.None;

    /// <summary>The last verdict on its health, which may be about an earlier run; null when there was none.</summary>
    [Id(22)] public HealthNews? Health { get; init; }

    /// <summary>What keeps it from being put to sleep by itself, beside its use; null: nothing.</summary>
    [Id(23)] public WakefulTerms? Wakeful { get; init; }

    IndexEntry? IIndexedRecord.Entry => new(this.ToRow(), [Spec.Name]);

    public InstanceState Upgraded() => SchemaVersion switch
    {
        CurrentSchema => this,
        _ => throw new InvalidOperationException(
            $"Instance {Id} is stored in shape {SchemaVersion}; this version of the fleet reads up to {CurrentSchema}."),
    };
}

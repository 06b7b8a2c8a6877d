using Hypeman.Contracts.Snapshots.Schedules;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Snapshots.Schedules;

/// <summary>A run in flight. The id that its snapshot will have is part of it, so that no run takes two.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.schedule-run")]
internal sealed record ScheduleRun([property: Id(0)] string SnapshotId, [property: Id(1)] DateTimeOffset At);

/// <summary>The stored record of a schedule.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.schedule-state")]
internal sealed record ScheduleState : IVersioned<ScheduleState>
{
    public const int CurrentSchema = 1;

    [Id(0)] public int SchemaVersion { get; init; } = CurrentSchema;
    [Id(1)] public required string InstanceId { get; init; }
    [Id(2)] public required ScheduleSpec Spec { get; init; }
    [Id(3)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(4)] public required DateTimeOffset UpdatedAt { get; init; }
    [Id(5)] public required DateTimeOffset NextRunAt { get; init; }
    [Id(6)] public DateTimeOffset? LastRunAt { get; init; }
    [Id(7)] public string? LastSnapshotId { get; init; }
    [Id(8)] public string? LastError { get; init; }

    /// <summary>Written before anything is done for it.</summary>
    [Id(9)] public ScheduleRun? Run { get; init; }

    public ScheduleInfo ToInfo() => new()
    {
        InstanceId = InstanceId,
        Spec = Spec,
        NextRunAt = NextRunAt,
        LastRunAt = LastRunAt,
        LastSnapshotId = LastSnapshotId,
        LastError = LastError,
        CreatedAt = CreatedAt,
        UpdatedAt = UpdatedAt,
    };

    public ScheduleState Upgraded() => SchemaVersion switch
    {
        CurrentSchema => this,
        _ => throw new InvalidOperationException(
            $"The schedule of instance {InstanceId} is stored in shape {SchemaVersion}; this version of the fleet reads up to {CurrentSchema}."),
    };
}

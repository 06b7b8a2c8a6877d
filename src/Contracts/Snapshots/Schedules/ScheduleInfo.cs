namespace Hypeman.Contracts.Snapshots.Schedules;

/// <summary>Which snapshots of a schedule are kept. At least one of the two says something.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-retention")]
public sealed record SnapshotRetention
{
    /// <summary>This many, the latest; zero: however many.</summary>
    [Id(0)] public int MaxCount { get; init; }

    /// <summary>Those that are not older; null: however old.</summary>
    [Id(1)] public TimeSpan? MaxAge { get; init; }
}

/// <summary>A wish for snapshots of one instance, again and again.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.schedule-spec")]
public sealed record ScheduleSpec
{
    /// <summary>From one to the next; at least a minute.</summary>
    [Id(0)] public required TimeSpan Interval { get; init; }

    /// <summary>How their names begin, before the time; null takes a name of ours.</summary>
    [Id(1)] public string? NamePrefix { get; init; }

    /// <summary>The tags that they get.</summary>
    [Id(2)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    [Id(3)] public required SnapshotRetention Retention { get; init; }
}

/// <summary>What a caller may know about a schedule.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.schedule-info")]
public sealed record ScheduleInfo
{
    [Id(0)] public required string InstanceId { get; init; }
    [Id(1)] public required ScheduleSpec Spec { get; init; }
    [Id(2)] public required DateTimeOffset NextRunAt { get; init; }

    /// <summary>Null before the first run.</summary>
    [Id(3)] public DateTimeOffset? LastRunAt { get; init; }

    /// <summary>Of the last run that went well.</summary>
    [Id(4)] public string? LastSnapshotId { get; init; }

    /// <summary>Why the last run did not go well; null when it did.</summary>
    [Id(5)] public string? LastError { get; init; }

    [Id(6)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(7)] public required DateTimeOffset UpdatedAt { get; init; }
}

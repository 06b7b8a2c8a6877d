using Hypeman.Contracts.Instances;

namespace Hypeman.Contracts.Snapshots;

/// <summary>What of an instance a snapshot has.</summary>
public enum SnapshotKind
{
    /// <summary>Memory and disk, of an instance that was Running or in Standby.</summary>
    Standby,

    /// <summary>The disk of an instance that was Stopped.</summary>
    Stopped,
}

public enum SnapshotPhase
{
    /// <summary>Being taken; when that fails, nothing is left of it.</summary>
    Taking,
    Ready,
    Deleting,
}

/// <summary>A wish for a snapshot.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-spec")]
public sealed record SnapshotSpec
{
    [Id(0)] public required SnapshotKind Kind { get; init; }

    /// <summary>Unique among the snapshots of one instance; null when it has none.</summary>
    [Id(1)] public string? Name { get; init; }

    [Id(2)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Null takes what the instance's policy says.</summary>
    [Id(3)] public SnapshotCompression? Compression { get; init; }

    /// <summary>The schedule of its instance takes it, and lets go of it.</summary>
    [Id(4)] public bool IsScheduled { get; init; }
}

/// <summary>What a caller may know about a snapshot; also its summary in the resource index.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-info")]
public sealed record SnapshotInfo
{
    /// <summary>A tag in the index by which the snapshots of an instance are found. No user's tag can have this key.</summary>
    public const string SourceTag = "!source";

    /// <summary>Another one, by which those are found that the schedule of an instance took.</summary>
    public const string ScheduleTag = "!schedule";

    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required SnapshotSpec Spec { get; init; }
    [Id(2)] public required SnapshotPhase Phase { get; init; }
    [Id(3)] public required string SourceId { get; init; }

    /// <summary>What the source was called when it was taken.</summary>
    [Id(4)] public required string SourceName { get; init; }

    [Id(5)] public required string Hypervisor { get; init; }
    [Id(6)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>On the disk of its node; what it shares with others counts.</summary>
    [Id(7)] public long SizeBytes { get; init; }

    /// <summary>The node it lives on.</summary>
    [Id(8)] public required string Home { get; init; }

    /// <summary>Why it could not be taken.</summary>
    [Id(9)] public InstanceFailure? Failure { get; init; }

    /// <summary>What was decided about its compression; null for none.</summary>
    [Id(10)] public SnapshotCompression? Compression { get; init; }

    [Id(11)] public SnapshotCompressionInfo Compressed { get; init; } = new() { State = SnapshotCompressionState.None };
}

using System.Text.Json.Serialization;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Snapshots;

/// <summary>The stored record of a snapshot.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-state")]
internal sealed record SnapshotState : IVersioned<SnapshotState>, IIndexedRecord
{
    public const int CurrentSchema = 1;

    [Id(0)] public int SchemaVersion { get; init; } = CurrentSchema;
    [Id(1)] public required string Id { get; init; }
    [Id(2)] public required SnapshotOrder Order { get; init; }

    [Id(3), JsonConverter(typeof(JsonStringEnumConverter<SnapshotPhase>))]
    public required SnapshotPhase Phase { get; init; }

    [Id(4)] public long SizeBytes { get; init; }
    [Id(5)] public InstanceFailure? Failure { get; init; }
    [Id(6)] public required DateTimeOffset CreatedAt { get; init; }

    /// <summary>Attempts at the present phase that have failed.</summary>
    [Id(7)] public int Failures { get; init; }

    /// <summary>As the node last told.</summary>
    [Id(9)] public SnapshotCompressionInfo? Compressed { get; init; }

    /// <summary>Rises with every change; orders the rows in the index.</summary>
    [Id(8)] public required long Version { get; init; }

    public bool HasMemory => Order.Spec.Kind == SnapshotKind.Standby;

    IndexEntry? IIndexedRecord.Entry => new(ToRow(), Order.Spec.Name is { } name ? [$"{Order.SourceId}/{name}"] : []);

    public SnapshotInfo ToInfo() => new()
    {
        Id = Id,
        Spec = Order.Spec,
        Phase = Phase,
        SourceId = Order.SourceId,
        SourceName = Order.Instance.Name,
        Hypervisor = Order.Hypervisor,
        CreatedAt = CreatedAt,
        SizeBytes = SizeBytes,
        Home = Order.Home,
        Failure = Failure,
        Compression = Order.Compression,
        Compressed = Compressed ?? new SnapshotCompressionInfo { State = SnapshotCompressionState.None },
    };

    /// <summary>Its parent is the image's digest, so that the users of an image can be found.</summary>
    public ResourceRow ToRow() => new()
    {
        Kind = ResourceKind.Snapshot,
        Id = Id,
        Name = Order.Spec.Name ?? "",
        Parent = Order.Image.Digest,
        Home = Order.Home,
        Tags = IndexTags(),
        State = Phase.ToString(),
        Summary = ResourceSummary.Write(ToInfo()),
        Version = Version,
        CreatedAt = CreatedAt,
    };

    private Dictionary<string, string> IndexTags()
    {
        var tags = new Dictionary<string, string>(Order.Spec.Tags) { [SnapshotInfo.SourceTag] = Order.SourceId };
        if (Order.Spec.IsScheduled)
            tags[SnapshotInfo.ScheduleTag] = Order.SourceId;
        return tags;
    }

    public SnapshotState Upgraded() => SchemaVersion switch
    {
        CurrentSchema => this,
        _ => throw new InvalidOperationException(
            $"Snapshot {Id} is stored in shape {SchemaVersion}; this version of the fleet reads up to {CurrentSchema}."),
    };
}

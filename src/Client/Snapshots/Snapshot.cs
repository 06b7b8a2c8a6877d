using Hypeman.Client.Http;

namespace Hypeman.Client.Snapshots;

/// <summary>A snapshot as the server tells of it.</summary>
public sealed record Snapshot : ApiResource
{
    public required string Id { get; init; }
    public string? Name { get; init; }

    /// <summary>Standby: memory and disk; Stopped: the disk alone.</summary>
    public required string Kind { get; init; }

    public required string SourceInstanceId { get; init; }
    public required string SourceInstanceName { get; init; }
    public long? SizeBytes { get; init; }
    public Compression? Compression { get; init; }

    /// <summary>none, compressing, compressed or error.</summary>
    public string? CompressionState { get; init; }

    public string? Node { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }
}

/// <summary>A wish for a snapshot.</summary>
public sealed record CreateSnapshot(
    string Kind, string? Name = null, IReadOnlyDictionary<string, string>? Tags = null, Compression? Compression = null);

/// <summary>What is to come of going back to a snapshot; what the snapshot is of when left out.</summary>
public sealed record RestoreSnapshot(string? TargetState = null);

/// <summary>A wish for an instance made from a snapshot.</summary>
public sealed record ForkSnapshot(string Name, string? TargetState = null);

using System.Text.Json.Serialization;

namespace Hypeman.Contracts.Snapshots;

[JsonConverter(typeof(JsonStringEnumConverter<SnapshotAlgorithm>))]
public enum SnapshotAlgorithm
{
    Zstd,
    Lz4,
}

/// <summary>Whether and how memory that was saved is compressed.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-compression")]
public sealed record SnapshotCompression
{
    public static SnapshotCompression Off { get; } = new() { Enabled = false };

    [Id(0)] public required bool Enabled { get; init; }
    [Id(1)] public SnapshotAlgorithm Algorithm { get; init; }

    /// <summary>Of zstd 1 to 19, of lz4 0 to 9.</summary>
    [Id(2)] public int Level { get; init; }

    /// <summary>The levels there are, and the one that is taken when none is named.</summary>
    public static (int Least, int Most, int Default) LevelsOf(SnapshotAlgorithm algorithm) => algorithm switch
    {
        SnapshotAlgorithm.Zstd => (1, 19, 1),
        SnapshotAlgorithm.Lz4 => (0, 9, 0),
    };
}

/// <summary>What an instance wishes for all of its snapshots.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-policy")]
public sealed record SnapshotPolicy
{
    /// <summary>Null: as the server does by default.</summary>
    [Id(0)] public SnapshotCompression? Compression { get; init; }

    /// <summary>From the end of a standby until its compression begins; null: at once.</summary>
    [Id(1)] public TimeSpan? StandbyDelay { get; init; }
}

/// <summary>What may be said of one standby. Null takes what the instance's policy says.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.standby-spec")]
public sealed record StandbySpec
{
    [Id(0)] public SnapshotCompression? Compression { get; init; }
    [Id(1)] public TimeSpan? Delay { get; init; }
}

/// <summary>How far the compression of a snapshot has come.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<SnapshotCompressionState>))]
public enum SnapshotCompressionState
{
    None,
    Compressing,
    Compressed,
    Error,
}

/// <summary>What became of the compression of a snapshot; bytes are those on the disk of its node.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.snapshot-compression-info")]
public sealed record SnapshotCompressionInfo
{
    [Id(0)] public required SnapshotCompressionState State { get; init; }
    [Id(1)] public string? Error { get; init; }

    /// <summary>Null until it is done.</summary>
    [Id(2)] public long? CompressedBytes { get; init; }

    /// <inheritdoc cref="CompressedBytes"/>
    [Id(3)] public long? UncompressedBytes { get; init; }
}

using System.Text.Json.Serialization;

namespace Hypeman.NodeRuntime.Memory.Compression;

[JsonConverter(typeof(JsonStringEnumConverter<CompressionAlgorithm>))]
public enum CompressionAlgorithm
{
    Zstd,
    Lz4,
}

/// <summary>How a memory at rest is to be compressed.</summary>
/// <param name="Level">Of zstd 1 to 19, of lz4 0 (fastest) to 9.</param>
/// <param name="Delay">From the moment that the memory is whole. One that is used before stays as it is.</param>
public sealed record CompressionSpec(CompressionAlgorithm Algorithm, int Level, TimeSpan Delay = default);

public enum CompressionState
{
    None,

    /// <summary>It is to be, or being done.</summary>
    Compressing,
    Compressed,
    Error,
}

/// <summary>How far it has come with a memory. Bytes are those on the disk of this host.</summary>
public sealed record CompressionStatus(CompressionState State)
{
    public CompressionSpec? Spec { get; init; }
    public string? Error { get; init; }

    /// <summary>Null until it is done.</summary>
    public long? CompressedBytes { get; init; }

    /// <summary>Null until it is done.</summary>
    public long? UncompressedBytes { get; init; }
}

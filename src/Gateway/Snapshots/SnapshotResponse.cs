using System.Text.Json.Serialization;
using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Snapshots;

internal sealed record SnapshotResponse
{
    public required string Id { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? Name { get; init; }

    public required string Kind { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public required string SourceInstanceId { get; init; }
    public required string SourceInstanceName { get; init; }
    public required string SourceHypervisor { get; init; }
    public required DateTime CreatedAt { get; init; }
    public required long SizeBytes { get; init; }
    public required string CompressionState { get; init; }
    public string? CompressionError { get; init; }
    public CompressionResponse? Compression { get; init; }
    public long? CompressedSizeBytes { get; init; }
    public long? UncompressedSizeBytes { get; init; }

    /// <summary>The node it lives on. Ours.</summary>
    public required string Node { get; init; }

    public static SnapshotResponse From(SnapshotInfo info) => new()
    {
        Id = info.Id,
        Name = info.Spec.Name,
        Kind = info.Spec.Kind.ToString(),
        Tags = info.Spec.Tags.NullIfEmpty(),
        SourceInstanceId = info.SourceId,
        SourceInstanceName = info.SourceName,
        SourceHypervisor = info.Hypervisor,
        CreatedAt = info.CreatedAt.UtcDateTime,
        SizeBytes = info.SizeBytes,
        CompressionState = info.Compressed.State.ToString().ToLowerInvariant(),
        CompressionError = info.Compressed.Error,
        Compression = CompressionResponse.From(info.Compression),
        CompressedSizeBytes = info.Compressed.CompressedBytes,
        UncompressedSizeBytes = info.Compressed.UncompressedBytes,
        Node = info.Home,
    };
}

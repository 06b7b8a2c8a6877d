using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Snapshots;

/// <summary>How memory is compressed, as answers tell it.</summary>
internal sealed record CompressionResponse
{
    public required bool Enabled { get; init; }
    public string? Algorithm { get; init; }
    public int? Level { get; init; }

    public static CompressionResponse? From(SnapshotCompression? compression) => compression switch
    {
        null => null,
        { Enabled: false } => new CompressionResponse { Enabled = false },
        _ => new CompressionResponse { Enabled = true, Algorithm = compression.Algorithm.ToString().ToLowerInvariant(), Level = compression.Level },
    };
}

internal sealed record SnapshotPolicyResponse
{
    public CompressionResponse? Compression { get; init; }
    public string? StandbyCompressionDelay { get; init; }

    public static SnapshotPolicyResponse? From(SnapshotPolicy? policy) => policy is null ? null : new SnapshotPolicyResponse
    {
        Compression = CompressionResponse.From(policy.Compression),
        StandbyCompressionDelay = policy.StandbyDelay is { } delay ? GoDuration.Format(delay) : null,
    };
}

using Hypeman.Contracts.Snapshots;
using Hypeman.NodeRuntime.Memory.Compression;

namespace Hypeman.Grains.Snapshots;

/// <summary>Whose wish for compression counts: that of the call, else the instance's, else the server's. Pure.</summary>
internal static class CompressionChoice
{
    /// <returns>Null for none.</returns>
    public static SnapshotCompression? Of(SnapshotCompression? call, SnapshotPolicy? instance, SnapshotCompression server) =>
        (call ?? instance?.Compression ?? server) is { Enabled: true } chosen ? chosen : null;

    public static TimeSpan DelayOf(StandbySpec? call, SnapshotPolicy? instance) => call?.Delay ?? instance?.StandbyDelay ?? TimeSpan.Zero;

    public static CompressionSpec ToSpec(this SnapshotCompression compression, TimeSpan delay = default) =>
        new(
            compression.Algorithm switch
            {
                SnapshotAlgorithm.Zstd => CompressionAlgorithm.Zstd,
                SnapshotAlgorithm.Lz4 => CompressionAlgorithm.Lz4,
            },
            compression.Level, delay);

    public static SnapshotCompressionInfo ToInfo(this CompressionStatus status) => new()
    {
        State = status.State switch
        {
            CompressionState.None => SnapshotCompressionState.None,
            CompressionState.Compressing => SnapshotCompressionState.Compressing,
            CompressionState.Compressed => SnapshotCompressionState.Compressed,
            CompressionState.Error => SnapshotCompressionState.Error,
        },
        Error = status.Error,
        CompressedBytes = status.CompressedBytes,
        UncompressedBytes = status.UncompressedBytes,
    };
}

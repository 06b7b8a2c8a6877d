using Hypeman.Contracts.Snapshots;

namespace Hypeman.Grains.Snapshots;

/// <summary>What is done with saved memory where nobody says otherwise.</summary>
public sealed class SnapshotOptions
{
    /// <summary>Default: none. More takes time of the processors, and a wake waits until the memory is unpacked.</summary>
    public SnapshotCompression CompressionDefault { get; set; } = SnapshotCompression.Off;
}

using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.NodeRuntime.Snapshots;

/// <summary>Snapshots on other hosts of the fleet.</summary>
public interface ISnapshotPeers
{
    /// <summary>A snapshot that this host is to have. Nothing is asked yet.</summary>
    ISnapshotSource Source(string nodeId, string snapshotId);
}

/// <summary>One snapshot of another host, to be read.</summary>
public interface ISnapshotSource : IFileSource
{
    /// <inheritdoc cref="ISnapshotHost.DescribeAsync"/>
    /// <exception cref="IOException">The host cannot be reached.</exception>
    Task<SnapshotDescription> DescribeAsync(CancellationToken cancellationToken);
}

/// <summary>All of a snapshot, so that another host can have it.</summary>
public sealed record SnapshotDescription
{
    public required SnapshotManifest Manifest { get; init; }
    public required IReadOnlyList<VmFile> Files { get; init; }

    /// <summary>Null when it is the disk alone.</summary>
    public VmSleep? Sleep { get; init; }
}

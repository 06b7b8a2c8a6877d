namespace Hypeman.NodeRuntime.Disks;

/// <summary>The writable disks of VMs.</summary>
public sealed class OverlayDiskOptions
{
    /// <summary>
    /// Space that must be left on the host's disk for a new disk to be made. Disks grow as they are written, so they
    /// may promise more than there is; this keeps what runs from hitting the end at once.
    /// </summary>
    public long MinFreeBytes { get; set; } = 512L * 1024 * 1024;
}

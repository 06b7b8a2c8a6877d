namespace Hypeman.NodeRuntime.Disks;

/// <summary>The writable disks of VMs: sparse files with an ext4 in them, which cost what is written to them.</summary>
public sealed class OverlayDisks(string templateFolder)
{
    /// <summary>Makes an empty disk. When it returns, the disk is whole; when it throws, there is none.</summary>
    /// <exception cref="Errors.NodeException">InsufficientResources: no space. Invalid: too small.</exception>
    public Task CreateAsync(string path, long sizeBytes, uint ownerUid, CancellationToken cancellationToken) =>
        throw new NotSupportedException(templateFolder);

    /// <summary>Copies a disk that no one writes to: shared blocks where the file system can, else only its data.</summary>
    public Task CloneAsync(string source, string target, uint ownerUid, CancellationToken cancellationToken) =>
        throw new NotSupportedException(templateFolder);

    /// <summary>Bytes that a disk takes on this host.</summary>
    public static long UsedBytes(string path) => throw new NotSupportedException();
}

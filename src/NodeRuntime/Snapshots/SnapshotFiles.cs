using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;

namespace Hypeman.NodeRuntime.Snapshots;

/// <summary>Where the parts of a snapshot lie: in a folder of its own, or among the files of a VM that stands still.</summary>
public sealed record SnapshotFiles(string OverlayDisk)
{
    /// <summary>What the guest has booted with, and all it has reported since; null for a disk alone.</summary>
    public (string ConfigDisk, string EventsFile)? Booted { get; init; }

    public MemoryFolder? Memory { get; init; }

    /// <summary>Copies them into a folder that is begun. What of the files can be shared takes no time and no space.</summary>
    /// <exception cref="Errors.NodeException">InsufficientResources: no space.</exception>
    internal async Task CopyToAsync(SnapshotFolder folder, OverlayDisks disks, CancellationToken cancellationToken)
    {
        await disks.CloneAsync(OverlayDisk, folder.OverlayDisk, ownerUid: 0, cancellationToken);
        if (Booted is { } booted)
        {
            SparseFile.Copy(booted.ConfigDisk, folder.ConfigDisk, cancellationToken: cancellationToken);
            SparseFile.Copy(booted.EventsFile, folder.EventsFile, cancellationToken: cancellationToken);
        }
        if (Memory is not null)
            await Task.Run(() => Memory.CopyTo(folder.Memory, cancellationToken), cancellationToken);
    }

    /// <summary>Puts them in the place of others on the same file system. What is moved already stays.</summary>
    internal void MoveTo(SnapshotFiles target)
    {
        Move(OverlayDisk, target.OverlayDisk);
        if (Booted is { } from && target.Booted is { } to)
        {
            Move(from.ConfigDisk, to.ConfigDisk);
            Move(from.EventsFile, to.EventsFile);
        }
        if (Memory is { } memory && target.Memory is { } place)
            Move(memory, place);
        AtomicFile.SyncDirectory(Path.GetDirectoryName(target.OverlayDisk)!);
    }

    /// <summary>Puts a memory in the place of another one; one that has moved already stays.</summary>
    internal static void Move(MemoryFolder memory, MemoryFolder place)
    {
        if (!Directory.Exists(memory.Directory))
            return;
        place.Delete();
        Directory.CreateDirectory(Path.GetDirectoryName(place.Directory)!, FileModes.PrivateFolder);
        Directory.Move(memory.Directory, place.Directory);
        AtomicFile.SyncDirectory(Path.GetDirectoryName(place.Directory)!);
    }

    private static void Move(string from, string to)
    {
        if (File.Exists(from))
            File.Move(from, to, overwrite: true);
    }
}

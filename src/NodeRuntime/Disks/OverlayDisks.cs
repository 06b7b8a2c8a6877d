using System.Globalization;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Disks;

/// <summary>
/// The writable disks of VMs: sparse files with an ext4 in them, which cost what is written to them (a new one of
/// 10 GiB takes 4 MB and some 20 ms).
/// </summary>
public sealed class OverlayDisks(OverlayDiskOptions options)
{
    /// <summary>Below it ext4 has no room for a journal.</summary>
    public const long MinBytes = 16L * 1024 * 1024;

    /// <summary>
    /// A guest's data must survive the end of its VM at any moment, so there is a journal. It stays small: all of it
    /// is written sooner or later, and then takes its space on the host.
    /// </summary>
    private const int JournalMegabytes = 16;
    private const long SmallBytes = 512L * 1024 * 1024;

    /// <summary>Makes an empty disk. When it returns, the disk is whole; when it throws, there is none.</summary>
    /// <exception cref="NodeException">InsufficientResources: no space. Invalid: too small.</exception>
    public async Task CreateAsync(string path, long sizeBytes, uint ownerUid, CancellationToken cancellationToken)
    {
        if (sizeBytes < MinBytes)
            throw new NodeException(
                NodeErrorKind.Invalid, $"A disk of {sizeBytes} bytes is too small; {MinBytes} is the least.");
        RequireSpace(path);
        await MakeWholeAsync(path, ownerUid, async temporary =>
        {
            SparseFile.Create(temporary, sizeBytes);
            await Command.RunAsync("mke2fs", [.. Arguments(sizeBytes), temporary], cancellationToken);
        });
    }

    /// <summary>
    /// Copies a disk that no one writes to: shared blocks where the file system can, else only its data. The copy has
    /// the same file system id; guests find disks by serial.
    /// </summary>
    /// <exception cref="NodeException">InsufficientResources: no space.</exception>
    public async Task CloneAsync(string source, string target, uint ownerUid, CancellationToken cancellationToken)
    {
        RequireSpace(target);
        await MakeWholeAsync(target, ownerUid, temporary => Task.Run(
            () => SparseFile.Copy(source, temporary, cancellationToken: cancellationToken), cancellationToken));
    }

    /// <summary>Bytes that a disk takes on this host; zero when there is none.</summary>
    public static long UsedBytes(string path) => FileStatus.Of(path)?.UsedBytes ?? 0;

    /// <summary>
    /// No reserved blocks, as root is the usual user of a guest. Tables need no zeroing, neither now nor by the guest
    /// later: a hole is zeros already, and mke2fs knows that of files.
    /// </summary>
    private static string[] Arguments(long sizeBytes) =>
    [
        "-q", "-F", "-t", "ext4", "-m", "0", "-E", "lazy_itable_init=1,lazy_journal_init=1",
        .. sizeBytes < SmallBytes
            ? (string[])[]
            : ["-J", string.Create(CultureInfo.InvariantCulture, $"size={JournalMegabytes}")],
    ];

    private static async Task MakeWholeAsync(string path, uint ownerUid, Func<string, Task> fill)
    {
        var temporary = path + ".tmp";
        File.Delete(temporary);
        try
        {
            await fill(temporary);
            FileOwner.Set(temporary, ownerUid, ownerUid);
            File.Move(temporary, path, overwrite: true);
        }
        catch (Exception e)
        {
            File.Delete(temporary);
            if (IsDiskFull(e))
                throw Full(e);
            throw;
        }
        AtomicFile.SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    internal static NodeException Full(Exception e) =>
        new(NodeErrorKind.InsufficientResources, "The disk of this host is full.", e.Message, e);

    internal static bool IsDiskFull(Exception e) => e switch
    {
        CommandException command => command.Errors.Contains("No space left", StringComparison.Ordinal),
        IOException io => DiskFull.Is(io),
        _ => false,
    };

    /// <summary>Refuses to make a disk that is to have so many bytes at once, when the host's own has no room for it.</summary>
    /// <exception cref="NodeException">InsufficientResources.</exception>
    public void RequireSpace(string path, long bytes = 0)
    {
        var drive = new DriveInfo(Path.GetDirectoryName(Path.GetFullPath(path))!);
        if (drive.AvailableFreeSpace - bytes < options.MinFreeBytes)
            throw new NodeException(
                NodeErrorKind.InsufficientResources,
                $"The disk of this host is nearly full: {drive.AvailableFreeSpace} bytes are left, "
                + $"and a new disk may be made while {options.MinFreeBytes + bytes} are.");
    }
}

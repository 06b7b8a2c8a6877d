using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>Files with holes, which take no space and read as zeros.</summary>
public static partial class SparseFile
{
    private const nuint CloneRequest = 0x40049409; // FICLONE
    private const int SeekData = 3, SeekHole = 4, NoSuchDevice = 6;

    /// <summary>Makes a file of this size that is one hole.</summary>
    public static void Create(string path, long sizeBytes, UnixFileMode mode = FileModes.Private)
    {
        using var file = CreateNew(path, mode);
        file.SetLength(sizeBytes);
    }

    /// <summary>
    /// Copies a file: by sharing its blocks where the file system can (then at once, whatever its size), else its data
    /// without its holes. The target is durable when it returns; its name is not (see <see cref="AtomicFile"/>).
    /// </summary>
    public static void Copy(
        string source, string target, UnixFileMode mode = FileModes.Private, CancellationToken cancellationToken = default)
    {
        using var from = new FileStream(source, FileMode.Open, FileAccess.Read, FileShare.ReadWrite);
        using var to = CreateNew(target, mode);
        var (fromFd, toFd) = (Descriptor(from.SafeFileHandle), Descriptor(to.SafeFileHandle));
        if (Libc.DeviceControl(toFd, CloneRequest, fromFd) < 0)
        {
            to.SetLength(from.Length);
            CopyData(fromFd, toFd, from.Length, cancellationToken);
        }
        to.Flush(flushToDisk: true);
    }

    /// <summary>The pieces of this size that hold data, by number, in order; those that are all hole are left out.</summary>
    public static IEnumerable<long> PiecesWithData(SafeFileHandle file, long pieceBytes)
    {
        var next = 0L;
        foreach (var (start, end) in Data(file))
            for (next = Math.Max(next, start / pieceBytes); next * pieceBytes < end; next++)
                yield return next;
    }

    /// <summary>Opens a file to write into any place of it; one that is not there is made empty.</summary>
    public static SafeFileHandle OpenOrCreate(string path, UnixFileMode mode = FileModes.Private) => new(
        LinuxException.Check(() => Libc.Open(path, Libc.ReadWrite | Libc.Create | Libc.CloseOnExec, (uint)mode), $"open {path}"),
        ownsHandle: true);

    /// <summary>Where a file has data, in rising order. What lies between are holes.</summary>
    public static IEnumerable<(long Start, long End)> Data(SafeFileHandle file)
    {
        var (fd, length) = (Descriptor(file), RandomAccess.GetLength(file));
        for (long position = 0; (position = Seek(fd, position, SeekData)) >= 0;)
        {
            var end = Math.Min(length, Seek(fd, position, SeekHole));
            yield return (position, end);
            position = end;
        }
    }

    private static void CopyData(int from, int to, long length, CancellationToken cancellationToken)
    {
        const long pieceBytes = 64 * 1024 * 1024;
        var position = 0L;
        while ((position = Seek(from, position, SeekData)) >= 0)
        {
            var end = Math.Min(length, Seek(from, position, SeekHole));
            while (position < end)
            {
                cancellationToken.ThrowIfCancellationRequested();
                var (input, output) = (position, position);
                var copied = CopyRange(from, ref input, to, ref output, (nuint)Math.Min(pieceBytes, end - position), 0);
                if (copied < 0)
                    throw LinuxException.Last("copy_file_range");
                if (copied == 0)
                    return;
                position += copied;
            }
        }
    }

    /// <summary>-1 after the last data.</summary>
    private static long Seek(int fd, long offset, int origin)
    {
        var position = Libc.Seek(fd, offset, origin);
        return position >= 0 ? position
            : Marshal.GetLastPInvokeError() == NoSuchDevice ? -1
            : throw LinuxException.Last("lseek");
    }

    private static FileStream CreateNew(string path, UnixFileMode mode) => new(path, new FileStreamOptions
    {
        Mode = FileMode.CreateNew,
        Access = FileAccess.ReadWrite,
        UnixCreateMode = mode,
    });

    private static int Descriptor(SafeFileHandle handle) => (int)handle.DangerousGetHandle();

    [LibraryImport("libc", EntryPoint = "copy_file_range", SetLastError = true)]
    private static partial nint CopyRange(int from, ref long fromOffset, int to, ref long toOffset, nuint length, uint flags);
}

using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// Files that are always whole: a reader, and whoever comes after a crash, sees the old content or the new one. When
/// a write returns, the new content survives a power loss.
/// </summary>
public static class AtomicFile
{
    private const string TemporarySuffix = ".tmp";

    public static void Write(string path, string text, UnixFileMode mode = FileModes.Private) =>
        Write(path, Encoding.UTF8.GetBytes(text), mode);

    public static void Write(string path, ReadOnlySpan<byte> content, UnixFileMode mode = FileModes.Private)
    {
        var temporary = WriteBeside(path, content, mode);
        try
        {
            File.Move(temporary, path, overwrite: true);
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
    }

    /// <summary>Makes a file that is not there yet; false when there is one, which stays as it is. Of many at once, one makes it.</summary>
    public static bool TryCreate(string path, string text, UnixFileMode mode = FileModes.Private)
    {
        var temporary = WriteBeside(path, Encoding.UTF8.GetBytes(text), mode);
        try
        {
            // A rename would put ours over another's.
            if (Libc.Link(temporary, path) < 0)
                return Marshal.GetLastPInvokeError() == LinuxException.Exists ? false : throw LinuxException.Last($"link {path}");
        }
        finally
        {
            File.Delete(temporary);
        }
        SyncDirectory(Path.GetDirectoryName(Path.GetFullPath(path))!);
        return true;
    }

    private static string WriteBeside(string path, ReadOnlySpan<byte> content, UnixFileMode mode)
    {
        var temporary = $"{path}.{Guid.NewGuid():N}{TemporarySuffix}";
        try
        {
            using var file = new FileStream(temporary, new FileStreamOptions
            {
                Mode = FileMode.CreateNew,
                Access = FileAccess.Write,
                UnixCreateMode = mode,
            });
            file.Write(content);
            file.Flush(flushToDisk: true);
            return temporary;
        }
        catch
        {
            File.Delete(temporary);
            throw;
        }
    }

    /// <summary>Makes the names in a directory durable: after a rename, a creation, a deletion.</summary>
    public static void SyncDirectory(string path)
    {
        using var directory = new SafeFileHandle(
            LinuxException.Check(
                () => Libc.Open(path, Libc.ReadOnly | Libc.Directory | Libc.CloseOnExec, 0), $"open {path}"),
            ownsHandle: true);
        LinuxException.Check(() => Libc.Sync((int)directory.DangerousGetHandle()), $"fsync {path}");
    }

    /// <summary>Removes what writers left that died in the middle. For a directory that no one writes to now.</summary>
    public static void Sweep(string directory)
    {
        foreach (var path in Directory.EnumerateFiles(directory, "*" + TemporarySuffix))
            File.Delete(path);
    }
}

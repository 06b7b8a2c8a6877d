using System.Globalization;
using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// A lock between processes on a file. It ends with the process that holds it, and children do not inherit it. The
/// file itself stays: removing it would let two processes each lock a file of the same name.
/// </summary>
public sealed class FileLock : IDisposable
{
    private readonly SafeFileHandle _handle;

    private FileLock(SafeFileHandle handle) => _handle = handle;

    /// <summary>Takes the lock at once, or returns null when another holds it.</summary>
    public static FileLock? TryTake(string path)
    {
        var handle = Open(path);
        if (Libc.Lock((int)handle.DangerousGetHandle(), Libc.LockExclusive | Libc.LockNonBlocking) == 0)
        {
            RandomAccess.SetLength(handle, 0);
            RandomAccess.Write(handle, Encoding.ASCII.GetBytes($"{Environment.ProcessId}\n"), 0);
            return new FileLock(handle);
        }
        var error = Marshal.GetLastPInvokeError();
        handle.Dispose();
        return error == LinuxException.WouldBlock ? null : throw new LinuxException(error, $"flock {path}");
    }

    /// <summary>Waits for the lock; for locks that everyone holds for moments only.</summary>
    public static Task<FileLock> TakeAsync(string path) => Task.Run(() =>
    {
        var handle = Open(path);
        LinuxException.Check(() => Libc.Lock((int)handle.DangerousGetHandle(), Libc.LockExclusive), $"flock {path}");
        return new FileLock(handle);
    });

    /// <summary>The pid that the holder of the lock wrote into it; null when there is none.</summary>
    public static int? ReadHolder(string path)
    {
        if (!File.Exists(path))
            return null;
        using var handle = Open(path);
        Span<byte> text = stackalloc byte[16];
        var length = RandomAccess.Read(handle, text, 0);
        return int.TryParse(text[..length].TrimEnd((byte)'\n'), CultureInfo.InvariantCulture, out var pid) ? pid : null;
    }

    /// <summary>
    /// Gives it back. Closing the file would do, but that a process which is just being started has a copy of the descriptor
    /// until it becomes another program.
    /// </summary>
    public void Dispose()
    {
        if (!_handle.IsClosed)
            _ = Libc.Lock((int)_handle.DangerousGetHandle(), Libc.LockRelease);
        _handle.Dispose();
    }

    /// <summary>Not File.OpenHandle: it takes a shared lock of its own, which two that try at once would hold against each other.</summary>
    private static SafeFileHandle Open(string path) => new(
        LinuxException.Check(
            () => Libc.Open(path, Libc.ReadWrite | Libc.Create | Libc.CloseOnExec, (uint)FileModes.Private), $"open {path}"),
        ownsHandle: true);
}

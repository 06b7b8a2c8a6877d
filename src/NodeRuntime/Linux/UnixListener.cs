using System.Runtime.InteropServices;
using System.Text;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// A listening unix socket that a process is to inherit. A <see cref="System.Net.Sockets.Socket"/> does not do: its
/// disposal removes the file, and ends the socket for all who share it.
/// </summary>
public static partial class UnixListener
{
    private const int FamilyUnix = 1, Stream = 1, Backlog = 4;
    private const int PathOffset = 2, AddressSize = 110, NameTooLong = 36;

    /// <summary>Longest path, in bytes, that a socket's address can hold.</summary>
    public const int MaxPathBytes = 107;

    /// <summary>Binds and listens. What lies at the path is replaced.</summary>
    /// <exception cref="LinuxException">The path is too long, or its folder is missing.</exception>
    public static SafeFileHandle Create(string path)
    {
        var name = Encoding.UTF8.GetBytes(path);
        if (name.Length > MaxPathBytes)
            throw new LinuxException(NameTooLong, $"bind {path}");
        File.Delete(path);
        var fd = LinuxException.Check(() => CreateSocket(FamilyUnix, Stream | Libc.CloseOnExec, 0), "socket");
        var handle = new SafeFileHandle(fd, ownsHandle: true);
        try
        {
            var address = new byte[AddressSize];
            address[0] = FamilyUnix;
            name.CopyTo(address, PathOffset);
            LinuxException.Check(() => Bind(fd, address, AddressSize), $"bind {path}");
            LinuxException.Check(() => Listen(fd, Backlog), $"listen {path}");
            return handle;
        }
        catch
        {
            handle.Dispose();
            throw;
        }
    }

    [LibraryImport("libc", EntryPoint = "socket", SetLastError = true)]
    private static partial int CreateSocket(int family, int type, int protocol);

    [LibraryImport("libc", EntryPoint = "bind", SetLastError = true)]
    private static partial int Bind(int fd, byte[] address, int size);

    [LibraryImport("libc", EntryPoint = "listen", SetLastError = true)]
    private static partial int Listen(int fd, int backlog);
}

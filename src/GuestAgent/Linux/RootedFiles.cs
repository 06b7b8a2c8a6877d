using System.Runtime.InteropServices;
using System.Text;

namespace Hypeman.GuestAgent.Linux;

/// <summary>
/// Opens paths that others chose, all below one directory: neither <c>..</c> nor a link leads out of it, and the links
/// of /proc that jump anywhere are refused.
/// </summary>
internal static unsafe class RootedFiles
{
    private const int OpenAt2 = 437;
    private const ulong NoMagicLinks = 2, NoSymlinks = 4, InRoot = 0x10;

    [StructLayout(LayoutKind.Sequential)]
    private struct How
    {
        public ulong Flags;
        public ulong Mode;
        public ulong Resolve;
    }

    /// <summary>Opens a path as seen from a root directory.</summary>
    /// <exception cref="LinuxException">With the reason.</exception>
    public static Fd Open(int root, string path, int flags, int mode = 0) => Open(root, path, flags, mode, InRoot | NoMagicLinks);

    /// <summary>Opens a path that must not go through any symbolic link; the last part may be one with O_PATH | O_NOFOLLOW.</summary>
    public static Fd OpenPlain(int root, string path, int flags) => Open(root, path, flags, 0, InRoot | NoMagicLinks | NoSymlinks);

    public static string ReadLink(Fd link, string path = "")
    {
        Span<byte> target = stackalloc byte[4096];
        fixed (byte* buffer = target)
        {
            var length = LinuxException.Check((long)Libc.ReadLinkAt(link.Number, path, buffer, target.Length), "read the link");
            return Encoding.UTF8.GetString(target[..(int)length]);
        }
    }

    private static Fd Open(int root, string path, int flags, int mode, ulong resolve)
    {
        var how = new How { Flags = (uint)(flags | OpenFlags.CloseOnExec), Mode = (ulong)mode, Resolve = resolve };
        using var name = new NativeStrings([path]);
        var fd = LinuxException.Retry(() => Call(root, name, how));
        return new Fd((int)LinuxException.Check(fd, path));
    }

    private static long Call(int root, NativeStrings name, How how) =>
        Libc.Syscall(OpenAt2, root, (nint)name.Pointer[0], (nint)(&how), sizeof(How), 0);
}

using System.Runtime.InteropServices;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>What the file system knows of a file.</summary>
public readonly record struct FileStatus(ulong Inode, long UsedBytes)
{
    private const int EmptyPath = 0x1000;
    private const uint Wanted = 0x510; // STATX_GID | STATX_INO | STATX_BLOCKS

    /// <summary>The group it belongs to.</summary>
    public uint Gid { get; init; }

    /// <summary>Null when there is no such file.</summary>
    public static FileStatus? Of(string path)
    {
        var status = Read(Libc.CurrentDirectory, path, 0);
        return status is not null || Marshal.GetLastPInvokeError() == LinuxException.NoEntry
            ? status
            : throw LinuxException.Last($"stat {path}");
    }

    /// <summary>Of an open file, whatever its name is now.</summary>
    public static FileStatus Of(SafeFileHandle handle) =>
        Read((int)handle.DangerousGetHandle(), "", EmptyPath) ?? throw LinuxException.Last("stat");

    private static unsafe FileStatus? Read(int directory, string path, int flags)
    {
        const int gidOffset = 0x18, inodeOffset = 0x20, blocksOffset = 0x30, blockSize = 512;
        var result = stackalloc byte[256];
        return Libc.Stat(directory, path, flags, Wanted, result) == 0
            ? new FileStatus(*(ulong*)(result + inodeOffset), *(long*)(result + blocksOffset) * blockSize)
            {
                Gid = *(uint*)(result + gidOffset),
            }
            : null;
    }
}

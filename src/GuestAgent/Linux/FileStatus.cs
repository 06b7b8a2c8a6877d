using System.Buffers.Binary;

namespace Hypeman.GuestAgent.Linux;

/// <summary>What statx says of an open file.</summary>
internal sealed unsafe record FileStatus(uint Mode, uint Uid, uint Gid, long Size, long ModifiedAt)
{
    private const uint TypeMask = 0xf000, DirectoryType = 0x4000, FileType = 0x8000, LinkType = 0xa000;
    private const int EmptyPath = 0x1000, BasicStats = 0x7ff;

    public bool IsDirectory => (Mode & TypeMask) == DirectoryType;
    public bool IsFile => (Mode & TypeMask) == FileType;
    public bool IsSymlink => (Mode & TypeMask) == LinkType;

    /// <summary>Permissions with set-user-id, set-group-id and sticky bit.</summary>
    public uint Permissions => Mode & 0xfff;

    public static FileStatus Of(Fd file)
    {
        Span<byte> result = stackalloc byte[256];
        fixed (byte* buffer = result)
            LinuxException.Check(Libc.StatAt(file.Number, "", EmptyPath, BasicStats, buffer), "stat");
        return new FileStatus(
            BinaryPrimitives.ReadUInt16LittleEndian(result[28..]),
            BinaryPrimitives.ReadUInt32LittleEndian(result[20..]),
            BinaryPrimitives.ReadUInt32LittleEndian(result[24..]),
            BinaryPrimitives.ReadInt64LittleEndian(result[40..]),
            BinaryPrimitives.ReadInt64LittleEndian(result[112..]));
    }
}

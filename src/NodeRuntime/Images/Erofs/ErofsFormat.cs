using Hypeman.NodeRuntime.Images.Layers;

namespace Hypeman.NodeRuntime.Images.Erofs;

/// <summary>
/// The numbers of the on-disk format that we use: blocks of 4 KiB, the long form of inodes, content in one run of
/// blocks with the end of a small file beside its inode. Every kernel since 5.4 mounts it.
/// </summary>
internal static class ErofsFormat
{
    public const int BlockBits = 12;
    public const int BlockSize = 1 << BlockBits;

    public const int SuperblockOffset = 1024;
    public const uint Magic = 0xE0F5E1E2;
    public const uint FeatureChecksum = 1;
    public const uint FeatureMtime = 2;

    /// <summary>Inodes begin at multiples of this; the number of one is where it is in these units.</summary>
    public const int InodeSlot = 32;

    public const int InodeSize = 64;
    public const int LongInode = 1;
    public const int LayoutPlain = 0;
    public const int LayoutInline = 2;

    public const int DirectoryEntrySize = 12;
    public const uint NoBlock = uint.MaxValue;

    /// <summary>A longer end of a file gets a block of its own.</summary>
    public const int MaxTail = BlockSize / 2;

    public static ushort ModeOf(LayerEntry entry) => (ushort)(entry.Permissions | entry.Kind switch
    {
        EntryKind.File or EntryKind.HardLink => 0x8000,
        EntryKind.Symlink => 0xa000,
        EntryKind.CharacterDevice => 0x2000,
        EntryKind.BlockDevice => 0x6000,
        EntryKind.Directory => 0x4000,
        EntryKind.Fifo => 0x1000,
    });

    public static byte DirectoryTypeOf(EntryKind kind) => kind switch
    {
        EntryKind.File or EntryKind.HardLink => 1,
        EntryKind.Directory => 2,
        EntryKind.CharacterDevice => 3,
        EntryKind.BlockDevice => 4,
        EntryKind.Fifo => 5,
        EntryKind.Symlink => 7,
    };

    /// <summary>Linux packs 12 bits of major around 20 bits of minor.</summary>
    public static uint DeviceOf(LayerEntry entry) =>
        (entry.DeviceMinor & 0xff) | (entry.DeviceMajor << 8) | ((entry.DeviceMinor & ~0xffu) << 12);

    /// <summary>The bytes of this content that go beside an inode with that many bytes of xattrs.</summary>
    public static int TailOf(long size, int xattrBytes)
    {
        var tail = (int)(size & (BlockSize - 1));
        return tail <= MaxTail && InodeSize + xattrBytes + tail <= BlockSize ? tail : 0;
    }

    public static long BlocksOf(long bytes) => (bytes + BlockSize - 1) >> BlockBits;
}

using System.Buffers.Binary;
using System.Numerics;
using Hypeman.NodeRuntime.Images.Layers;
using Hypeman.NodeRuntime.Images.Roots;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Images.Erofs;

/// <summary>
/// Writes a read-only EROFS image: contents as they come, then directories, inodes, and last the superblock, without
/// which nothing takes the file for an image. Only names and attributes are held in memory.
/// </summary>
internal sealed class ErofsWriter
{
    /// <summary>Ends of files kept in memory until their inodes are written; beyond it they get blocks of their own.</summary>
    private const long TailBudget = 128L << 20;

    private readonly SafeFileHandle _file;
    private readonly BlockWriter _blocks;
    private long _tailBytes;

    public ErofsWriter(SafeFileHandle file)
    {
        _file = file;
        _blocks = new BlockWriter(file);
        _blocks.Write(new byte[ErofsFormat.BlockSize]);
    }

    /// <summary>Writes the content of a file, whatever will become of its name.</summary>
    public StoredContent WriteContent(LayerEntry file, ContentReader read)
    {
        var tail = ErofsFormat.TailOf(file.Size, ErofsXattrs.SizeOf(file));
        if (_tailBytes + tail > TailBudget)
            tail = 0;
        _tailBytes += tail;

        var first = file.Size > tail ? _blocks.NextBlock : ErofsFormat.NoBlock;
        for (var left = file.Size - tail; left > 0;)
        {
            var free = _blocks.Free;
            var count = read(free[..(int)Math.Min(free.Length, left)]);
            if (count == 0)
                throw TooShort(file);
            _blocks.Advance(count);
            left -= count;
        }
        _blocks.Align(ErofsFormat.BlockSize);

        var end = new byte[tail];
        for (var at = 0; at < tail;)
        {
            var count = read(end.AsSpan(at));
            at += count > 0 ? count : throw TooShort(file);
        }
        return new StoredContent(first, end);
    }

    /// <summary>Writes all but the contents.</summary>
    /// <param name="tree">Its files have their contents written.</param>
    /// <param name="id">Sixteen bytes that name the image; the same image gets the same bytes throughout.</param>
    /// <returns>The size of the image in bytes.</returns>
    public long Finish(RootTree tree, ReadOnlySpan<byte> id)
    {
        var layout = ErofsLayout.Of(tree, _blocks.NextBlock);
        foreach (var inode in layout.Inodes)
            WriteLateBlocks(inode, layout);
        foreach (var inode in layout.Inodes)
            WriteInode(inode, layout);
        _blocks.Align(ErofsFormat.BlockSize);
        _blocks.Flush();

        RandomAccess.SetLength(_file, _blocks.Position);
        WriteSuperblock(layout, id);
        return _blocks.Position;
    }

    private static InvalidDataException TooShort(LayerEntry file) =>
        new($"the content of {ByteText.Show(file.Path)} is shorter than its size");

    private void WriteLateBlocks(ErofsInode inode, ErofsLayout layout)
    {
        if (inode.LateSize <= inode.TailSize)
            return;
        _blocks.Write(layout.LateContentOf(inode).AsSpan(0, (int)(inode.LateSize - inode.TailSize)));
        _blocks.Align(ErofsFormat.BlockSize);
    }

    private void WriteInode(ErofsInode inode, ErofsLayout layout)
    {
        var entry = inode.Node.Entry;
        var start = ((long)layout.FirstInodeBlock << ErofsFormat.BlockBits) + (long)inode.Number * ErofsFormat.InodeSlot;
        _blocks.WriteZeros(start - _blocks.Position);

        Span<byte> bytes = stackalloc byte[ErofsFormat.InodeSize];
        bytes.Clear();
        var layoutKind = inode.TailSize > 0 ? ErofsFormat.LayoutInline : ErofsFormat.LayoutPlain;
        var isDevice = entry.Kind is EntryKind.CharacterDevice or EntryKind.BlockDevice;
        BinaryPrimitives.WriteUInt16LittleEndian(bytes, (ushort)(ErofsFormat.LongInode | (layoutKind << 1)));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[2..], ErofsXattrs.CountOf(inode.XattrSize));
        BinaryPrimitives.WriteUInt16LittleEndian(bytes[4..], ErofsFormat.ModeOf(entry));
        BinaryPrimitives.WriteInt64LittleEndian(bytes[8..], inode.Size);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[16..], isDevice ? ErofsFormat.DeviceOf(entry) : inode.FirstBlock);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[20..], inode.Ordinal);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[24..], entry.Uid);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[28..], entry.Gid);
        BinaryPrimitives.WriteInt64LittleEndian(bytes[32..], entry.ModifiedSeconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[40..], entry.ModifiedNanoseconds);
        BinaryPrimitives.WriteUInt32LittleEndian(bytes[44..], inode.Links);
        _blocks.Write(bytes);
        _blocks.Write(ErofsXattrs.Encode(entry));
        if (inode.TailSize > 0)
            _blocks.Write(inode.LateSize > 0
                ? layout.LateContentOf(inode).AsSpan(^inode.TailSize)
                : inode.Node.Content!.Tail);
    }

    private void WriteSuperblock(ErofsLayout layout, ReadOnlySpan<byte> id)
    {
        Span<byte> rest = new byte[ErofsFormat.BlockSize - ErofsFormat.SuperblockOffset];
        BinaryPrimitives.WriteUInt32LittleEndian(rest, ErofsFormat.Magic);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[8..], ErofsFormat.FeatureChecksum | ErofsFormat.FeatureMtime);
        rest[12] = ErofsFormat.BlockBits;
        BinaryPrimitives.WriteUInt16LittleEndian(rest[14..], checked((ushort)layout.Inodes[0].Number));
        BinaryPrimitives.WriteInt64LittleEndian(rest[16..], layout.Inodes.Count);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[36..], _blocks.NextBlock);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[40..], layout.FirstInodeBlock);
        id[..16].CopyTo(rest[48..]);
        BinaryPrimitives.WriteUInt32LittleEndian(rest[4..], Checksum(rest));
        RandomAccess.Write(_file, rest, ErofsFormat.SuperblockOffset);
    }

    /// <summary>CRC-32C over the rest of the first block, not inverted at its end.</summary>
    private static uint Checksum(ReadOnlySpan<byte> bytes)
    {
        var crc = uint.MaxValue;
        foreach (var octet in bytes)
            crc = BitOperations.Crc32C(crc, octet);
        return crc;
    }
}

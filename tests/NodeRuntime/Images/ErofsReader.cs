using System.Buffers.Binary;
using System.Text;

namespace Hypeman.Tests.NodeRuntime.Images;

/// <summary>One inode as it is on the disk.</summary>
internal sealed record ErofsFile(
    ulong Number, ushort Mode, uint Uid, uint Gid, long Modified, uint Nanoseconds, uint Links, long Size, uint Device,
    byte[] Content, IReadOnlyDictionary<string, byte[]> Xattrs)
{
    public int Type => Mode & 0xf000;
    public bool IsDirectory => Type == 0x4000;
    public string Text => Encoding.UTF8.GetString(Content);
}

/// <summary>
/// Reads a whole EROFS image by the kernel's description of the format, independent of the writer. Looks names up as
/// the kernel does, by halves, so a directory out of order is found out.
/// </summary>
internal sealed class ErofsReader
{
    private static readonly string[] XattrPrefixes =
        ["", "user.", "system.posix_acl_access", "system.posix_acl_default", "trusted.", "", "security."];

    private readonly byte[] _image;
    private readonly uint _firstInodeBlock;
    private readonly Dictionary<string, ErofsFile> _files = [];

    private ErofsReader(byte[] image)
    {
        _image = image;
        var superblock = image.AsSpan(1024);
        Assert.Equal(0xE0F5E1E2, BinaryPrimitives.ReadUInt32LittleEndian(superblock));
        Assert.Equal(12, superblock[12]);
        Assert.Equal(image.Length, BinaryPrimitives.ReadUInt32LittleEndian(superblock[36..]) * 4096L);
        _firstInodeBlock = BinaryPrimitives.ReadUInt32LittleEndian(superblock[40..]);
        Walk("", BinaryPrimitives.ReadUInt16LittleEndian(superblock[14..]));
    }

    /// <summary>Every name, without a leading slash; the root is the empty one.</summary>
    public static IReadOnlyDictionary<string, ErofsFile> ReadAll(string path) => new ErofsReader(File.ReadAllBytes(path))._files;

    private void Walk(string path, ulong number)
    {
        var file = Read(number);
        _files.Add(path, file);
        if (!file.IsDirectory)
            return;
        string? last = null;
        foreach (var (name, type, child) in Entries(file.Content))
        {
            Assert.True(string.CompareOrdinal(last, name) < 0, $"{path}: '{name}' stands behind '{last}'");
            last = name;
            if (name is "." or "..")
                continue;
            var childPath = path.Length == 0 ? name : $"{path}/{name}";
            Walk(childPath, child);
            Assert.Equal(TypeOf(_files[childPath].Type), type);
        }
    }

    private ErofsFile Read(ulong number)
    {
        var at = (int)(_firstInodeBlock * 4096L + (long)number * 32);
        var inode = _image.AsSpan(at, 64);
        var format = BinaryPrimitives.ReadUInt16LittleEndian(inode);
        Assert.Equal(1, format & 1);
        var xattrCount = BinaryPrimitives.ReadUInt16LittleEndian(inode[2..]);
        var xattrSize = xattrCount == 0 ? 0 : 12 + (xattrCount - 1) * 4;
        var mode = BinaryPrimitives.ReadUInt16LittleEndian(inode[4..]);
        var size = BinaryPrimitives.ReadInt64LittleEndian(inode[8..]);
        var union = BinaryPrimitives.ReadUInt32LittleEndian(inode[16..]);
        var isInline = (format >> 1) switch { 0 => false, 2 => true, _ => throw new InvalidDataException("layout") };
        return new ErofsFile(
            number, mode,
            BinaryPrimitives.ReadUInt32LittleEndian(inode[24..]), BinaryPrimitives.ReadUInt32LittleEndian(inode[28..]),
            BinaryPrimitives.ReadInt64LittleEndian(inode[32..]), BinaryPrimitives.ReadUInt32LittleEndian(inode[40..]),
            BinaryPrimitives.ReadUInt32LittleEndian(inode[44..]), size, union,
            ReadContent(size, union, isInline, at + 64 + xattrSize), ReadXattrs(_image.AsSpan(at + 64, xattrSize)));
    }

    private byte[] ReadContent(long size, uint firstBlock, bool isInline, int tailAt)
    {
        var tail = isInline ? (int)(size % 4096) : 0;
        if (tail > 0)
            Assert.Equal(tailAt / 4096, (tailAt + tail - 1) / 4096);
        var body = size == tail ? [] : _image.AsSpan((int)(firstBlock * 4096L), (int)(size - tail));
        return [.. body, .. _image.AsSpan(tailAt, tail)];
    }

    private static Dictionary<string, byte[]> ReadXattrs(ReadOnlySpan<byte> area)
    {
        var xattrs = new Dictionary<string, byte[]>();
        for (var rest = area.IsEmpty ? area : area[12..]; !rest.IsEmpty;)
        {
            var (nameLength, index, length) = (rest[0], rest[1], BinaryPrimitives.ReadUInt16LittleEndian(rest[2..]));
            var name = XattrPrefixes[index] + Encoding.UTF8.GetString(rest.Slice(4, nameLength));
            xattrs.Add(name, rest.Slice(4 + nameLength, length).ToArray());
            rest = rest[((4 + nameLength + length + 3) & ~3)..];
        }
        return xattrs;
    }

    private static IEnumerable<(string Name, byte Type, ulong Number)> Entries(byte[] content)
    {
        for (var start = 0; start < content.Length; start += 4096)
        {
            var block = content.AsMemory(start, Math.Min(4096, content.Length - start));
            var count = BinaryPrimitives.ReadUInt16LittleEndian(block.Span[8..]) / 12;
            for (var i = 0; i < count; i++)
            {
                var entry = block[(i * 12)..];
                int from = BinaryPrimitives.ReadUInt16LittleEndian(entry.Span[8..]);
                var to = i + 1 < count ? BinaryPrimitives.ReadUInt16LittleEndian(entry.Span[20..]) : block.Length;
                var name = block[from..to].Span;
                var end = name.IndexOf((byte)0);
                yield return (
                    Encoding.Latin1.GetString(end < 0 ? name : name[..end]), entry.Span[10],
                    BinaryPrimitives.ReadUInt64LittleEndian(entry.Span));
            }
        }
    }

    private static byte TypeOf(int type) => type switch
    {
        0x8000 => 1,
        0x4000 => 2,
        0x2000 => 3,
        0x6000 => 4,
        0x1000 => 5,
        _ => 7,
    };
}

using System.Buffers.Binary;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>
/// One of the two tables of a 64-bit little-endian ELF file: its sections, by which tools find things, or its segments, by
/// which it is loaded. Reading what lies outside of a damaged file is an <see cref="ArgumentOutOfRangeException"/> or
/// an <see cref="OverflowException"/>.
/// </summary>
/// <remarks>System V Application Binary Interface, chapters 4 and 5.</remarks>
internal readonly ref struct ElfTable
{
    private readonly ReadOnlySpan<byte> _file;
    private readonly int _start, _size, _offsetAt;

    private ElfTable(ReadOnlySpan<byte> file, int startAt, int sizeAt, int offsetAt)
    {
        _file = file;
        _start = checked((int)BinaryPrimitives.ReadInt64LittleEndian(file[startAt..]));
        _size = BinaryPrimitives.ReadUInt16LittleEndian(file[sizeAt..]);
        _offsetAt = offsetAt;
        Count = BinaryPrimitives.ReadUInt16LittleEndian(file[(sizeAt + 2)..]);
    }

    public int Count { get; }

    public static bool IsElf(ReadOnlySpan<byte> file) => file.StartsWith("\u007fELF\u0002\u0001"u8);

    public static ElfTable Sections(ReadOnlySpan<byte> file) => new(file, startAt: 0x28, sizeAt: 0x3a, offsetAt: 0x18);

    public static ElfTable Segments(ReadOnlySpan<byte> file) => new(file, startAt: 0x20, sizeAt: 0x36, offsetAt: 0x8);

    /// <summary>From an entry's header on: the name of a section or the type of a segment is its first number.</summary>
    public ReadOnlySpan<byte> Header(int index) => _file[(_start + _size * index)..];

    public ReadOnlySpan<byte> Content(int index)
    {
        var header = Header(index);
        return _file.Slice(
            checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[_offsetAt..])),
            checked((int)BinaryPrimitives.ReadInt64LittleEndian(header[0x20..])));
    }
}

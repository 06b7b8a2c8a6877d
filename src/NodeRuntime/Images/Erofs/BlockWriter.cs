using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Images.Erofs;

/// <summary>
/// Writes an image from its first to its last block, gathered into large writes. Blocks of zeros are left out, so that
/// they are holes of the image file and take no room.
/// </summary>
internal sealed class BlockWriter(SafeFileHandle file)
{
    private const int BufferBlocks = 256;

    private readonly byte[] _buffer = new byte[BufferBlocks * ErofsFormat.BlockSize];
    private long _start;
    private int _used;

    public long Position => _start + _used;

    /// <summary>Number of the block that begins here.</summary>
    public uint NextBlock => checked((uint)(Position >> ErofsFormat.BlockBits));

    /// <summary>Room for what comes next; never empty. Taken by <see cref="Advance"/>.</summary>
    public Span<byte> Free
    {
        get
        {
            if (_used == _buffer.Length)
                Flush();
            return _buffer.AsSpan(_used);
        }
    }

    public void Advance(int count) => _used += count;

    public void Write(ReadOnlySpan<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            var part = bytes[..Math.Min(bytes.Length, Free.Length)];
            part.CopyTo(Free);
            Advance(part.Length);
            bytes = bytes[part.Length..];
        }
    }

    /// <summary>Zeros until the position is a multiple of this power of two.</summary>
    public void Align(int size) => WriteZeros(-Position & (size - 1));

    public void WriteZeros(long count)
    {
        while (count > 0)
        {
            var part = Free[..(int)Math.Min(count, Free.Length)];
            part.Clear();
            Advance(part.Length);
            count -= part.Length;
        }
    }

    /// <summary>Writes what is gathered, which must end with a block or the image.</summary>
    public void Flush()
    {
        var used = _buffer.AsSpan(0, _used);
        var from = 0;
        while (from < used.Length)
        {
            var isZero = IsZero(used, from);
            var to = NextOf(from);
            while (to < used.Length && IsZero(used, to) == isZero)
                to = NextOf(to);
            to = Math.Min(to, used.Length);
            if (!isZero)
                RandomAccess.Write(file, used[from..to], _start + from);
            from = to;
        }
        _start += _used;
        _used = 0;
    }

    private static int NextOf(int offset) => offset + ErofsFormat.BlockSize;

    private static bool IsZero(ReadOnlySpan<byte> bytes, int offset) =>
        !bytes[offset..Math.Min(NextOf(offset), bytes.Length)].ContainsAnyExcept((byte)0);
}

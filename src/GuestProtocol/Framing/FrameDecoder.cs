using System.Buffers.Binary;

namespace Hypeman.GuestProtocol.Framing;

/// <summary>
/// Finds frames in a byte stream that may begin anywhere and hold anything: what is no frame is skipped up to the
/// next magic. Holds two frames' worth of memory, whatever comes. Not thread safe: one reader owns it.
/// </summary>
public sealed class FrameDecoder
{
    private readonly byte[] _buffer = new byte[2 * FrameCodec.MaxFrame];
    private int _start;
    private int _end;

    /// <summary>Where the next bytes go; never empty after <see cref="TryRead"/> said false. Ends earlier frames' payloads.</summary>
    public Memory<byte> Free()
    {
        if (_start > 0)
        {
            _buffer.AsSpan(_start.._end).CopyTo(_buffer);
            (_start, _end) = (0, _end - _start);
        }
        return _buffer.AsMemory(_end);
    }

    /// <summary>So many bytes were put where <see cref="Free"/> pointed.</summary>
    public void Advance(int count)
    {
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(count, _buffer.Length - _end);
        _end += count;
    }

    /// <summary>Takes the next whole frame; false means that more bytes are needed.</summary>
    public bool TryRead(out Frame frame)
    {
        while (SkipToMagic() && _end - _start >= FrameCodec.HeaderSize)
        {
            var header = _buffer.AsSpan(_start);
            var length = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
            if (length > ProtocolLimits.MaxPayload)
            {
                _start++;
                continue;
            }

            var size = FrameCodec.HeaderSize + (int)length;
            if (_end - _start < size)
                break;
            if (BinaryPrimitives.ReadUInt32LittleEndian(header[16..]) != FrameCodec.Check(header[..size]))
            {
                _start++;
                continue;
            }

            frame = new Frame((FrameType)header[4], BinaryPrimitives.ReadUInt32LittleEndian(header[8..]),
                _buffer.AsMemory(_start + FrameCodec.HeaderSize, (int)length));
            _start += size;
            return true;
        }
        frame = default;
        return false;
    }

    /// <summary>False when no magic is there; its first bytes may be the last ones that came, so they are kept.</summary>
    private bool SkipToMagic()
    {
        var index = _buffer.AsSpan(_start.._end).IndexOf(FrameCodec.Magic);
        if (index >= 0)
        {
            _start += index;
            return true;
        }
        _start = Math.Max(_start, _end - FrameCodec.Magic.Length + 1);
        return false;
    }
}

using System.Text;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>One request to the kernel: a header, a fixed part, and attributes that may nest. Host byte order.</summary>
internal sealed class NetlinkMessage
{
    internal const int HeaderSize = 16;
    private const ushort RequestFlag = 1, AckFlag = 4;
    private const ushort NestedFlag = 0x8000;

    private byte[] _buffer = new byte[512];
    private int _length = HeaderSize;

    internal NetlinkMessage(ushort type, ushort flags, ReadOnlySpan<byte> fixedPart)
    {
        BitConverter.TryWriteBytes(_buffer.AsSpan(4), type);
        BitConverter.TryWriteBytes(_buffer.AsSpan(6), (ushort)(flags | RequestFlag | AckFlag));
        Append(fixedPart);
    }

    internal NetlinkMessage Add(ushort attribute, ReadOnlySpan<byte> value)
    {
        Span<byte> header = stackalloc byte[4];
        BitConverter.TryWriteBytes(header, (ushort)(value.Length + 4));
        BitConverter.TryWriteBytes(header[2..], attribute);
        Append(header);
        Append(value);
        return this;
    }

    internal NetlinkMessage Add(ushort attribute, uint value) => Add(attribute, BitConverter.GetBytes(value));
    internal NetlinkMessage Add(ushort attribute, ulong value) => Add(attribute, BitConverter.GetBytes(value));
    internal NetlinkMessage Add(ushort attribute, byte value) => Add(attribute, [value]);
    internal NetlinkMessage Add(ushort attribute, string value) => Add(attribute, Encoding.UTF8.GetBytes(value + '\0'));

    /// <summary>An attribute that holds a fixed part (often empty) and what <paramref name="fill"/> adds.</summary>
    internal NetlinkMessage Nest(ushort attribute, Action<NetlinkMessage> fill, ReadOnlySpan<byte> fixedPart = default)
    {
        var start = _length;
        Add((ushort)(attribute | NestedFlag), []);
        Append(fixedPart);
        fill(this);
        BitConverter.TryWriteBytes(_buffer.AsSpan(start), (ushort)(_length - start));
        return this;
    }

    internal byte[] Finish(uint sequence)
    {
        BitConverter.TryWriteBytes(_buffer, (uint)_length);
        BitConverter.TryWriteBytes(_buffer.AsSpan(8), sequence);
        return _buffer[.._length];
    }

    private void Append(ReadOnlySpan<byte> bytes)
    {
        var padded = (bytes.Length + 3) & ~3;
        if (_length + padded > _buffer.Length)
            Array.Resize(ref _buffer, Math.Max(_buffer.Length * 2, _length + padded));
        bytes.CopyTo(_buffer.AsSpan(_length));
        _length += padded;
    }
}

/// <summary>Reads the attributes of a reply.</summary>
internal static class NetlinkAttributes
{
    private const ushort TypeMask = 0x3fff;

    internal static Dictionary<ushort, ReadOnlyMemory<byte>> Read(ReadOnlyMemory<byte> bytes)
    {
        var attributes = new Dictionary<ushort, ReadOnlyMemory<byte>>();
        while (bytes.Length >= 4)
        {
            var size = BitConverter.ToUInt16(bytes.Span);
            if (size < 4 || size > bytes.Length)
                break;
            attributes[(ushort)(BitConverter.ToUInt16(bytes.Span[2..]) & TypeMask)] = bytes[4..size];
            bytes = bytes[Math.Min((size + 3) & ~3, bytes.Length)..];
        }
        return attributes;
    }

    internal static string Text(this ReadOnlyMemory<byte> value) => Encoding.UTF8.GetString(value.Span).TrimEnd('\0');
    internal static uint Number(this ReadOnlyMemory<byte> value) => BitConverter.ToUInt32(value.Span);
}

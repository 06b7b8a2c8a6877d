using System.Buffers.Binary;
using System.Numerics;

namespace Hypeman.GuestProtocol.Framing;

/// <summary>
/// The bytes of a frame, little endian:
/// <code>
///  0  magic   "HYPF"
///  4  type    1 byte, then 3 zero bytes
///  8  stream  4 bytes
/// 12  length  4 bytes, at most 64 KiB
/// 16  check   CRC-32C of bytes 4 to 15 and the payload
/// 20  payload
/// </code>
/// </summary>
public static class FrameCodec
{
    public const int HeaderSize = 20;
    public const int MaxFrame = HeaderSize + ProtocolLimits.MaxPayload;

    internal static ReadOnlySpan<byte> Magic => "HYPF"u8;

    public static int Cost(int payloadLength) => HeaderSize + payloadLength;

    public static byte[] Encode(FrameType type, uint stream, ReadOnlySpan<byte> payload)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(payload.Length, ProtocolLimits.MaxPayload);
        var frame = new byte[HeaderSize + payload.Length];
        Magic.CopyTo(frame);
        frame[4] = (byte)type;
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(8), stream);
        BinaryPrimitives.WriteInt32LittleEndian(frame.AsSpan(12), payload.Length);
        payload.CopyTo(frame.AsSpan(HeaderSize));
        BinaryPrimitives.WriteUInt32LittleEndian(frame.AsSpan(16), Check(frame));
        return frame;
    }

    /// <summary>Zero bytes that complete whatever half frame the other side may hold; sent before a hello.</summary>
    public static byte[] Flush() => new byte[MaxFrame];

    internal static uint Check(ReadOnlySpan<byte> frame) =>
        Crc32C(frame[HeaderSize..], Crc32C(frame[4..16], uint.MaxValue)) ^ uint.MaxValue;

    internal static uint Crc32C(ReadOnlySpan<byte> bytes, uint crc)
    {
        for (; bytes.Length >= 8; bytes = bytes[8..])
            crc = BitOperations.Crc32C(crc, BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        foreach (var b in bytes)
            crc = BitOperations.Crc32C(crc, b);
        return crc;
    }
}

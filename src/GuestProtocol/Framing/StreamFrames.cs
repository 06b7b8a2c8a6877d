using System.Buffers.Binary;

namespace Hypeman.GuestProtocol.Framing;

/// <summary>Payloads of the small frames within a stream.</summary>
public static class StreamFrames
{
    public static byte[] Credit(uint stream, int bytes)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteInt32LittleEndian(payload, bytes);
        return FrameCodec.Encode(FrameType.Credit, stream, payload);
    }

    /// <summary>False for what no honest reader gives: nothing, or more than a window.</summary>
    public static bool TryParseCredit(ReadOnlySpan<byte> payload, out int bytes)
    {
        bytes = payload.Length < 4 ? 0 : BinaryPrimitives.ReadInt32LittleEndian(payload);
        return bytes is > 0 and <= ProtocolLimits.StreamWindow;
    }

    public static byte[] Resize(uint stream, int rows, int columns)
    {
        Span<byte> payload = stackalloc byte[4];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, (ushort)Math.Clamp(rows, 1, ushort.MaxValue));
        BinaryPrimitives.WriteUInt16LittleEndian(payload[2..], (ushort)Math.Clamp(columns, 1, ushort.MaxValue));
        return FrameCodec.Encode(FrameType.Resize, stream, payload);
    }

    public static bool TryParseResize(ReadOnlySpan<byte> payload, out int rows, out int columns)
    {
        (rows, columns) = (0, 0);
        if (payload.Length < 4)
            return false;
        rows = BinaryPrimitives.ReadUInt16LittleEndian(payload);
        columns = BinaryPrimitives.ReadUInt16LittleEndian(payload[2..]);
        return rows > 0 && columns > 0;
    }
}

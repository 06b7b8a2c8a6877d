using System.Buffers.Binary;

namespace Hypeman.GuestProtocol.Framing;

/// <summary>Payload of a hello and of its answer. The nonce tells this connection's answer from an older one's.</summary>
public readonly record struct Hello(ushort Version, ulong Nonce)
{
    private const int Size = 10;

    public byte[] Encode(FrameType type)
    {
        Span<byte> payload = stackalloc byte[Size];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[2..], Nonce);
        return FrameCodec.Encode(type, 0, payload);
    }

    /// <summary>A later version may add bytes: they are ignored.</summary>
    public static bool TryParse(ReadOnlySpan<byte> payload, out Hello hello)
    {
        hello = default;
        if (payload.Length < Size)
            return false;
        hello = new Hello(
            BinaryPrimitives.ReadUInt16LittleEndian(payload), BinaryPrimitives.ReadUInt64LittleEndian(payload[2..]));
        return true;
    }
}

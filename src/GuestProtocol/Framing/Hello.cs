using System.Buffers.Binary;

namespace Hypeman.GuestProtocol.Framing;

/// <summary>Payload of a hello and of its answer. The nonce tells this connection's answer from an older one's.</summary>
/// <param name="Version">Of the sender; in the answer the one that both speak.</param>
/// <param name="Nonce">Any number.</param>
/// <param name="Moment">
/// For a machine that stood still. From version <see cref="MomentVersion"/> on the agent has taken it in when it answers, so
/// that a wake needs one exchange; an older one ignores it.
/// </param>
public sealed record Hello(ushort Version, ulong Nonce, WakeMoment? Moment = null)
{
    public const ushort MomentVersion = 2;

    private const int NonceAt = 2, ClockAt = 10, SeedAt = 18, FullSize = SeedAt + WakeMoment.SeedBytes;

    public byte[] Encode(FrameType type)
    {
        Span<byte> payload = stackalloc byte[FullSize];
        BinaryPrimitives.WriteUInt16LittleEndian(payload, Version);
        BinaryPrimitives.WriteUInt64LittleEndian(payload[NonceAt..], Nonce);
        if (Moment is null)
            return FrameCodec.Encode(type, 0, payload[..ClockAt]);
        BinaryPrimitives.WriteInt64LittleEndian(payload[ClockAt..], Moment.WallClock);
        Moment.EntropySeed.CopyTo(payload[SeedAt..]);
        return FrameCodec.Encode(type, 0, payload);
    }

    /// <summary>A later version may add bytes: they are ignored. Null when it is none.</summary>
    public static Hello? TryParse(ReadOnlySpan<byte> payload) => payload.Length < ClockAt
        ? null
        : new Hello(
            BinaryPrimitives.ReadUInt16LittleEndian(payload), BinaryPrimitives.ReadUInt64LittleEndian(payload[NonceAt..]),
            payload.Length < FullSize
                ? null
                : new WakeMoment(
                    BinaryPrimitives.ReadInt64LittleEndian(payload[ClockAt..]), payload.Slice(SeedAt, WakeMoment.SeedBytes).ToArray()));
}

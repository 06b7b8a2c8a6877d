using CsCheck;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Framing;

namespace Hypeman.Tests.GuestProtocol.Framing;

public sealed class FrameDecoderTests
{
    private static readonly Gen<(FrameType Type, uint Stream, byte[] Payload)> AnyFrame =
        Gen.Select(Gen.Byte[1, 12], Gen.UInt, Gen.Byte.Array[0, 300], (type, stream, payload) => ((FrameType)type, stream, payload));

    [Fact]
    public void A_frame_has_these_bytes()
    {
        var frame = FrameCodec.Encode(FrameType.Input, 0x01020304, "hello"u8);
        Assert.Equal("48595046" + "04000000" + "04030201" + "05000000" + "7402E325" + "68656C6C6F", Convert.ToHexString(frame));
    }

    [Fact]
    public void The_check_sum_is_the_well_known_one() =>
        Assert.Equal(0xE3069283u, FrameCodec.Crc32C("123456789"u8, uint.MaxValue) ^ uint.MaxValue);

    [Fact]
    public void Frames_come_out_as_they_went_in_however_they_are_cut() =>
        Gen.Select(AnyFrame.Array[1, 20], Gen.Int[1, 400]).Sample((frames, cut) =>
        {
            var decoder = new FrameDecoder();
            var found = Feed(decoder, frames.SelectMany(f => FrameCodec.Encode(f.Type, f.Stream, f.Payload)).ToArray(), cut);
            Assert.Equal(frames.Select(Text), found);
        }, iter: 200);

    [Fact]
    public void Garbage_before_between_and_after_frames_loses_none_of_them() =>
        Gen.Select(AnyFrame.Array[1, 5], Gen.Byte.Array[0, 100], Gen.Int[1, 50]).Sample((frames, garbage, cut) =>
        {
            // A garbage byte may complete a magic; a flush ends whatever it seemed to begin.
            byte[] noise = [.. garbage, .. FrameCodec.Flush()];
            var bytes = frames.SelectMany(f => noise.Concat(FrameCodec.Encode(f.Type, f.Stream, f.Payload))).ToArray();
            Assert.Equal(frames.Select(Text), Feed(new FrameDecoder(), bytes, cut * 1000));
        }, iter: 30);

    [Fact]
    public void A_frame_cut_anywhere_and_a_flush_lose_only_that_frame() =>
        Gen.Select(AnyFrame, AnyFrame, Gen.Double[0, 1]).Sample((broken, next, where) =>
        {
            var half = FrameCodec.Encode(broken.Type, broken.Stream, broken.Payload);
            byte[] bytes =
            [
                .. half.AsSpan(0, (int)(half.Length * where)), .. FrameCodec.Flush(),
                .. FrameCodec.Encode(next.Type, next.Stream, next.Payload),
            ];
            Assert.Equal([Text(next)], Feed(new FrameDecoder(), bytes, 5000).TakeLast(1));
        }, iter: 100);

    [Fact]
    public void A_changed_byte_never_gives_another_frame() =>
        Gen.Select(AnyFrame, Gen.Int[0, 1 << 20], Gen.Int[1, 255]).Sample((frame, position, change) =>
        {
            var bytes = FrameCodec.Encode(frame.Type, frame.Stream, frame.Payload);
            bytes[position % bytes.Length] ^= (byte)change;
            Assert.Empty(Feed(new FrameDecoder(), [.. bytes, .. FrameCodec.Flush()], 7000));
        }, iter: 300);

    [Fact]
    public void Any_bytes_are_survived_and_there_is_always_room_for_more() =>
        Gen.Byte.Array[0, 5000].Sample(bytes =>
        {
            var decoder = new FrameDecoder();
            for (var i = 0; i < 60; i++)
            {
                Feed(decoder, [.. "HYPF"u8, .. bytes], 999);
                Assert.True(decoder.Free().Length >= FrameCodec.MaxFrame);
            }
        }, iter: 50);

    [Fact]
    public void The_largest_frame_fits_and_a_larger_one_is_refused()
    {
        var payload = new byte[ProtocolLimits.MaxPayload];
        Assert.Single(Feed(new FrameDecoder(), FrameCodec.Encode(FrameType.Output, 1, payload), 4096));
        Assert.Throws<ArgumentOutOfRangeException>(() => FrameCodec.Encode(FrameType.Output, 1, new byte[payload.Length + 1]));
    }

    private static List<string> Feed(FrameDecoder decoder, byte[] bytes, int cut)
    {
        var found = new List<string>();
        for (ReadOnlySpan<byte> rest = bytes; rest.Length > 0;)
        {
            var free = decoder.Free().Span;
            var count = Math.Min(cut, Math.Min(rest.Length, free.Length));
            rest[..count].CopyTo(free);
            decoder.Advance(count);
            rest = rest[count..];
            while (decoder.TryRead(out var frame))
                found.Add(Text((frame.Type, frame.Stream, frame.Payload.ToArray())));
        }
        return found;
    }

    private static string Text((FrameType Type, uint Stream, byte[] Payload) frame) =>
        $"{frame.Type} {frame.Stream} {Convert.ToHexString(frame.Payload)}";
}

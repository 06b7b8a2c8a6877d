using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Framing;

namespace Hypeman.Tests.GuestProtocol.Framing;

public sealed class StreamFramesTests
{
    [Fact]
    public void A_hello_has_these_bytes_and_may_grow()
    {
        var frame = new Hello(1, 0x1122334455667788).Encode(FrameType.Hello);
        var payload = frame.AsSpan(FrameCodec.HeaderSize);
        Assert.Equal("01008877665544332211", Convert.ToHexString(payload));
        Assert.Equal(new Hello(1, 0x1122334455667788), Hello.TryParse([.. payload, 9, 9]));
        Assert.Null(Hello.TryParse(payload[..9]));
    }

    [Fact]
    public void A_hello_after_a_standstill_also_has_the_time_and_random_numbers_and_may_grow()
    {
        var seed = Enumerable.Range(1, WakeMoment.SeedBytes).Select(number => (byte)number).ToArray();

        var payload = new Hello(2, 0x1122334455667788, new WakeMoment(0x0102030405060708, seed)).Encode(FrameType.Hello).AsSpan(FrameCodec.HeaderSize);

        Assert.Equal("02008877665544332211" + "0807060504030201" + Convert.ToHexString(seed), Convert.ToHexString(payload));
        var hello = Hello.TryParse([.. payload, 9, 9])!;
        Assert.Equal((2, 0x1122334455667788ul, 0x0102030405060708), (hello.Version, hello.Nonce, hello.Moment!.WallClock));
        Assert.Equal(seed, hello.Moment.EntropySeed);
    }

    [Theory]
    [InlineData(0, false)]
    [InlineData(-1, false)]
    [InlineData(1, true)]
    [InlineData(ProtocolLimits.StreamWindow, true)]
    [InlineData(ProtocolLimits.StreamWindow + 1, false)]
    public void Credit_that_no_honest_reader_gives_is_refused(int bytes, bool accepted)
    {
        var payload = StreamFrames.Credit(1, bytes).AsSpan(FrameCodec.HeaderSize);
        Assert.Equal(accepted, StreamFrames.TryParseCredit(payload, out var parsed));
        Assert.Equal(bytes, parsed);
    }

    [Fact]
    public void A_size_is_kept_and_nonsense_is_refused()
    {
        Assert.True(StreamFrames.TryParseResize(StreamFrames.Resize(1, 24, 80).AsSpan(FrameCodec.HeaderSize), out var rows, out var columns));
        Assert.Equal((24, 80), (rows, columns));
        Assert.False(StreamFrames.TryParseResize([0, 0, 1, 0], out _, out _));
        Assert.False(StreamFrames.TryParseResize([1, 0], out _, out _));
    }
}

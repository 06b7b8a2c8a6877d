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
        Assert.True(Hello.TryParse([.. payload, 9, 9], out var hello));
        Assert.Equal(new Hello(1, 0x1122334455667788), hello);
        Assert.False(Hello.TryParse(payload[..9], out _));
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

using System.Text;
using Hypeman.Gateway.Streams;

namespace Hypeman.Tests.Gateway.Streams;

public sealed class JsonFrameCureTests
{
    [Theory]
    [InlineData("{}", "{", "}")]
    [InlineData("[]", "[", "]")]
    [InlineData("{\"a\": 1}\n", "{\"a\": 1", "}\n")]
    [InlineData("[1, 2] \t\r\n", "[1, 2", "] \t\r\n")]
    [InlineData("{\"type\":\"end\",\"final\":true}", "{\"type\":\"end\",\"final\":true", "}")]
    [InlineData("{\"a\": \"\\ud800\"}", "{\"a\": \"\\ud800\"", "}")]
    public void A_frame_that_is_whole_JSON_is_cut_before_its_last_bracket(string frame, string first, string second)
    {
        var bytes = Encoding.UTF8.GetBytes(frame);
        var cut = JsonFrameCure.CutOf(bytes);
        Assert.Equal(first, Encoding.UTF8.GetString(bytes[..cut]));
        Assert.Equal(second, Encoding.UTF8.GetString(bytes[cut..]));
        Assert.Equal(0, JsonFrameCure.CutOf(bytes.AsSpan(0, cut)));
        Assert.Equal(0, JsonFrameCure.CutOf(bytes.AsSpan(cut)));
    }

    [Theory]
    [InlineData("")]
    [InlineData("text")]
    [InlineData("{")]
    [InlineData("{}}")]
    [InlineData("{} {}")]
    [InlineData("{\"a\": }")]
    [InlineData(" {}")]
    [InlineData("\"text\"")]
    [InlineData("123")]
    [InlineData("{'a': 1}")]
    [InlineData("[1,]")]
    public void Any_other_frame_is_sent_as_it_is(string frame) =>
        Assert.Equal(0, JsonFrameCure.CutOf(Encoding.UTF8.GetBytes(frame)));

    [Fact]
    public void Text_that_is_not_UTF8_does_not_hide_JSON() =>
        Assert.Equal(8, JsonFrameCure.CutOf([.. "{\"a\": \""u8, 0xff, .. "\"}"u8]) - 1);

    [Fact]
    public void Deep_JSON_is_seen() =>
        Assert.Equal(8191, JsonFrameCure.CutOf(Encoding.UTF8.GetBytes(new string('[', 4096) + new string(']', 4096))));
}

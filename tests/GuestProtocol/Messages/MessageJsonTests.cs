using System.Text;
using CsCheck;
using Hypeman.GuestProtocol.Messages;

namespace Hypeman.Tests.GuestProtocol.Messages;

public sealed class MessageJsonTests
{
    [Fact]
    public void Requests_have_this_form()
    {
        Assert.Equal(
            """{"kind":"exec","command":["sh"],"tty":true,"env":{"A":"b"},"timeout_seconds":5,"rows":0,"columns":0}""",
            Text(new ExecRequest { Command = ["sh"], Tty = true, TimeoutSeconds = 5, Env = new Dictionary<string, string> { ["A"] = "b" } }));
        Assert.Equal(
            """{"kind":"copy_to","path":"/a","is_directory":false,"mode":420,"uid":0,"gid":0}""",
            Text(new CopyToRequest { Path = "/a", Mode = 420 }));
        Assert.Equal("""{"kind":"stat","path":"/a","follow_links":true}""", Text(new StatRequest { Path = "/a", FollowLinks = true }));
        Assert.Equal("""{"kind":"shutdown","timeout_seconds":3}""", Text(new ShutdownRequest { TimeoutSeconds = 3 }));
        Assert.Equal(
            """{"kind":"wake","wall_clock":1700000000123456789,"entropy_seed":"AQI="}""",
            Text(new WakeRequest { WallClock = 1_700_000_000_123_456_789, EntropySeed = [1, 2] }));
    }

    [Theory]
    [MemberData(nameof(Replies))]
    public void Replies_come_back_as_they_were(GuestReply reply, string json)
    {
        Assert.Equal(json, Encoding.UTF8.GetString(MessageJson.Encode(reply)));
        Assert.Equal(reply, MessageJson.TryParseReply(MessageJson.Encode(reply)));
    }

    public static TheoryData<GuestReply, string> Replies => new()
    {
        { new ExitReply(3), """{"kind":"exit","exit_code":3}""" },
        { new WrittenReply(5_000_000_000), """{"kind":"written","bytes":5000000000}""" },
        { new FailedReply("no", "/x"), """{"kind":"failed","message":"no","path":"/x"}""" },
        { new EntryEndReply(true), """{"kind":"entry_end","final":true}""" },
        { new DoneReply(), """{"kind":"done"}""" },
        {
            new StatReply { Exists = false },
            """{"kind":"stat","exists":false,"is_directory":false,"is_file":false,"is_symlink":false,"mode":0,"size":0}"""
        },
    };

    [Fact]
    public void Only_the_messages_that_end_a_stream_are_final()
    {
        Assert.False(new EntryEndReply(false).IsFinal);
        Assert.True(new EntryEndReply(true).IsFinal);
        Assert.False(new DataReply(default, false).IsFinal);
        Assert.False(new EntryReply { Path = "a" }.IsFinal);
        Assert.True(new FailedReply("", null).IsFinal);
    }

    [Fact]
    public void What_is_no_message_is_null_and_nothing_worse() => Gen.Byte.Array[0, 200].Sample(bytes =>
    {
        Assert.Null(MessageJson.TryParseReply(bytes));
        Assert.Null(MessageJson.TryParseRequest(bytes));
    });

    [Theory]
    [InlineData("""{"kind":"teleport"}""")]
    [InlineData("""{"kind":"exec"}""")]
    [InlineData("null")]
    [InlineData("[]")]
    public void An_unknown_or_incomplete_request_is_null(string json) =>
        Assert.Null(MessageJson.TryParseRequest(Encoding.UTF8.GetBytes(json)));

    [Fact]
    public void What_a_request_leaves_out_is_empty_not_null() =>
        Assert.Empty(Assert.IsType<ExecRequest>(MessageJson.TryParseRequest("{\"kind\":\"exec\",\"command\":[]}"u8)).Env);

    private static string Text(GuestRequest request) => Encoding.UTF8.GetString(MessageJson.Encode(request));
}

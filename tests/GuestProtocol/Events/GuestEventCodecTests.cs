using System.Text;
using CsCheck;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Events;

namespace Hypeman.Tests.GuestProtocol.Events;

public sealed class GuestEventCodecTests
{
    private static readonly DateTimeOffset At = new(2026, 1, 2, 3, 4, 5, TimeSpan.Zero);

    private static readonly GuestEvent[] All =
    [
        new AgentReady { Boot = 1, At = At },
        new ProgramStarted("exec") { Boot = 1, At = At },
        new ProgramExited(137, "killed by signal 9 (killed) - OOM", true) { Boot = 1, At = At },
        new BootFailed("no disk") { Boot = 2, At = At },
    ];

    [Fact]
    public void Events_are_lines_like_this()
    {
        var line = Encoding.UTF8.GetString(GuestEventCodec.Encode(All[2]));
        Assert.Equal(
            "\n{\"event\":\"program_exited\",\"code\":137,\"message\":\"killed by signal 9 (killed) - OOM\",\"oom\":true," +
            "\"boot\":1,\"at\":\"2026-01-02T03:04:05+00:00\"}\n", line);
    }

    [Fact]
    public void Events_come_back_as_they_were_also_after_half_a_line()
    {
        byte[] bytes = [.. "{\"event\":\"agent_re"u8, .. All.SelectMany(GuestEventCodec.Encode), .. "{\"event\":"u8];
        Assert.Equal(All, GuestEventCodec.Decode(bytes));
    }

    [Fact]
    public void What_a_guest_claims_is_cut_to_size_and_to_one_line()
    {
        var line = GuestEventCodec.Encode(new BootFailed("a\nb\u0007" + new string('x', 3000)));
        var message = Assert.IsType<BootFailed>(Assert.Single(GuestEventCodec.Decode(line))).Message;
        Assert.Equal(ProtocolLimits.MaxEventMessage, message.Length);
        Assert.StartsWith("a b xx", message);
        var started = "{\"event\":\"program_started\",\"mode\":\"<script>\"}\n"u8;
        Assert.Equal("exec", Assert.IsType<ProgramStarted>(Assert.Single(GuestEventCodec.Decode(started))).Mode);
        var empty = "{\"event\":\"boot_failed\",\"message\":null}\n"u8;
        Assert.Equal("", Assert.IsType<BootFailed>(Assert.Single(GuestEventCodec.Decode(empty))).Message);
    }

    [Fact]
    public void A_line_that_is_too_long_is_left_out_and_the_next_is_read()
    {
        byte[] bytes = [.. new byte[ProtocolLimits.MaxEventLine + 1], .. GuestEventCodec.Encode(All[0])];
        Assert.Equal([All[0]], GuestEventCodec.Decode(bytes));
    }

    [Fact]
    public void Any_bytes_are_survived() => Gen.Byte.Array[0, 1000].Sample(bytes =>
        Assert.Equal([All[0]], GuestEventCodec.Decode([.. bytes, .. GuestEventCodec.Encode(All[0])]).TakeLast(1)));
}

using System.Net.Sockets;
using System.Security.Cryptography;
using System.Text;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Guest;

[Trait("Category", "Vm")]
public sealed class ExecTests(RunningGuest guest) : IClassFixture<RunningGuest>
{
    private CancellationToken Deadline => guest.Vm.Deadline;

    [Fact]
    public async Task Output_and_errors_come_merged_in_order_as_they_are_written()
    {
        await using var session = await guest.Channel.OpenAsync(
            Shell("echo one; read a; echo two >&2; read b; echo three; exit 3"), Deadline);
        await using var replies = session.ReadAllAsync(Deadline).GetAsyncEnumerator(Deadline);

        Assert.Equal(("one\n", false), await NextAsync());
        await session.WriteAsync("go\n"u8.ToArray(), Deadline);
        Assert.Equal(("two\n", true), await NextAsync());
        await session.WriteAsync("go\n"u8.ToArray(), Deadline);
        Assert.Equal(("three\n", false), await NextAsync());
        Assert.True(await replies.MoveNextAsync());
        Assert.Equal(new ExitReply(3), replies.Current);
        Assert.False(await replies.MoveNextAsync());

        async Task<(string, bool)> NextAsync()
        {
            Assert.True(await replies.MoveNextAsync());
            var data = Assert.IsType<DataReply>(replies.Current);
            return (Encoding.UTF8.GetString(data.Bytes.Span), data.IsError);
        }
    }

    [Fact]
    public async Task Five_megabytes_go_through_a_command_and_back_unchanged()
    {
        var bytes = RandomNumberGenerator.GetBytes(5_000_000);
        await using var session = await guest.Channel.OpenAsync(new ExecRequest { Command = ["cat"] }, Deadline);
        var writing = WriteAsync();
        var back = new MemoryStream();
        await foreach (var reply in session.ReadAllAsync(Deadline))
        {
            if (reply is DataReply data)
                back.Write(data.Bytes.Span);
            else
                Assert.Equal(new ExitReply(0), reply);
        }
        await writing;
        Assert.Equal(Convert.ToHexString(SHA256.HashData(bytes)), Convert.ToHexString(SHA256.HashData(back.ToArray())));

        async Task WriteAsync()
        {
            await session.WriteAsync(bytes, Deadline);
            await session.EndAsync(Deadline);
        }
    }

    [Fact]
    public async Task A_command_has_the_programs_environment_with_the_requests_above_it()
    {
        var request = Shell("echo $COLOR $SIZE $HOME; pwd; id -u") with
        {
            Env = new Dictionary<string, string> { ["SIZE"] = "big" },
            Cwd = "/tmp",
        };
        Assert.Equal(("blue big /root\n/tmp\n0\n", 0), await Guests.RunAsync(guest.Channel, request, Deadline));
    }

    [Fact]
    public async Task A_command_has_no_signal_ignored_and_no_descriptor_of_ours()
    {
        var (output, _) = await Guests.RunAsync(
            guest.Channel, Shell("grep -E 'Sig(Ign|Blk)' /proc/self/status; ls /proc/self/fd"), Deadline);
        Assert.Matches("SigBlk:\t0+\nSigIgn:\t0+\n0\n1\n2\n3\n$", output); // 3 is the one that ls lists with
    }

    [Fact]
    public async Task A_terminal_has_its_size_and_follows_a_change()
    {
        await using var session = await guest.Channel.OpenAsync(
            Shell("stty -echo; stty size; echo $TERM; trap 'stty size; exit 0' WINCH; echo ready; while :; do sleep 0.1; done") with
            {
                Tty = true,
                Rows = 11,
                Columns = 33,
                Env = new Dictionary<string, string> { ["TERM"] = "vt100" },
            }, Deadline);
        var text = "";
        await foreach (var reply in session.ReadAllAsync(Deadline))
        {
            if (reply is DataReply data)
                text += Encoding.UTF8.GetString(data.Bytes.Span);
            if (text.EndsWith("ready\r\n", StringComparison.Ordinal))
                await session.ResizeAsync(44, 55, Deadline);
        }
        Assert.Equal("11 33\r\nvt100\r\nready\r\n44 55\r\n", text);
    }

    [Fact]
    public async Task A_command_that_outlives_its_timeout_is_killed_with_its_children()
    {
        var (_, code) = await Guests.RunAsync(
            guest.Channel, Shell("setsid sleep 4321 & sleep 4321") with { TimeoutSeconds = 1 }, Deadline);
        Assert.Equal(124, code);
        await NothingRunsAsync("sleep 4321");
    }

    [Theory]
    [InlineData("no-such-program", 127)]
    [InlineData("/etc/not-executable", 126)]
    [InlineData("/no/such/program", 127)]
    public async Task What_cannot_be_run_says_so_by_its_exit_code(string program, int code)
    {
        var (output, actual) = await Guests.RunAsync(guest.Channel, new ExecRequest { Command = [program] }, Deadline);
        Assert.Equal(code, actual);
        Assert.StartsWith($"exec: \"{program}\": ", output);
    }

    [Fact]
    public async Task A_process_in_the_background_does_not_hold_a_command_up_and_lives_on()
    {
        var (output, code) = await Guests.RunAsync(guest.Channel, Shell("sleep 5432 & echo done"), Deadline);
        Assert.Equal(("done\n", 0), (output, code));
        Assert.True(await RunsAsync("sleep 5432"));
    }

    [Fact]
    public async Task Giving_a_session_up_kills_what_it_started()
    {
        var session = await guest.Channel.OpenAsync(Shell("setsid sleep 1234 & echo started; sleep 1234"), Deadline);
        await foreach (var _ in session.ReadAllAsync(Deadline))
            break;
        await session.DisposeAsync();
        await NothingRunsAsync("sleep 1234");
    }

    [Fact]
    public async Task A_lost_connection_kills_what_it_started_and_a_half_frame_does_not_disturb_the_next()
    {
        await guest.Channel.DisposeAsync();
        using (var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified))
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(guest.Vm.Socket), Deadline);
            await socket.SendAsync(FrameCodec.Flush(), Deadline);
            await socket.SendAsync(new Hello(1, 99).Encode(FrameType.Hello), Deadline);
            await socket.SendAsync(FrameCodec.Encode(FrameType.Open, 1, MessageJson.Encode(Shell("sleep 2345"))), Deadline);
            await socket.SendAsync(FrameCodec.Encode(FrameType.Input, 1, new byte[ProtocolLimits.DataChunk]).AsMemory(0, 1000), Deadline);
        }
        await guest.ReconnectAsync();
        await NothingRunsAsync("sleep 2345");
        for (var i = 0; i < 3; i++)
        {
            await guest.ReconnectAsync();
            Assert.Equal(("x\n", 0), await Guests.RunAsync(guest.Channel, Shell("echo x"), Deadline));
        }
    }

    [Fact]
    public async Task A_session_that_nobody_reads_holds_up_no_other()
    {
        await using var stuck = await guest.Channel.OpenAsync(new ExecRequest { Command = ["yes"] }, Deadline);
        await using var deaf = await guest.Channel.OpenAsync(new ExecRequest { Command = ["sleep", "1000"] }, Deadline);
        using var soon = new CancellationTokenSource();
        var writing = deaf.WriteAsync(new byte[1 << 20], soon.Token).AsTask();
        for (var i = 0; i < 5; i++)
            Assert.Equal(("x\n", 0), await Guests.RunAsync(guest.Channel, Shell("echo x"), Deadline));
        Assert.False(writing.IsCompleted);
        await soon.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => writing);
    }

    [Fact]
    public async Task Twenty_commands_run_at_once()
    {
        var results = await Task.WhenAll(Enumerable.Range(0, 20).Select(i => Guests.RunAsync(guest.Channel, Shell($"echo {i}"), Deadline)));
        Assert.Equal(Enumerable.Range(0, 20).Select(i => ($"{i}\n", 0)), results);
    }

    private static ExecRequest Shell(string script) => new() { Command = ["sh", "-c", script] };

    private Task NothingRunsAsync(string command) => Until.True(
        async () => !await RunsAsync(command), TimeSpan.FromSeconds(10), $"\"{command}\" no longer runs");

    private async Task<bool> RunsAsync(string command)
    {
        var all = Shell("cd /proc; for p in [0-9]*; do tr '\\0' ' ' < $p/cmdline; echo; done 2>/dev/null");
        var (output, _) = await Guests.RunAsync(guest.Channel, all, Deadline);
        return output.Split('\n').Any(line => line.StartsWith(command, StringComparison.Ordinal));
    }
}

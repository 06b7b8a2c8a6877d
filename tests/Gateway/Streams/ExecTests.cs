using System.Net.WebSockets;
using Hypeman.GuestProtocol.Messages;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Streams;

public sealed class ExecTests(ApiHost api) : SocketTests(api), IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedSession _guest = new();
    private GuestRequest? _request;

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task What_a_command_prints_comes_before_its_exit_code()
    {
        _guest.Says("out").Says(new DataReply("err"u8.ToArray(), IsError: true), new ExitReply(3));
        using var socket = await ExecAsync("""{"command": ["a", "b"], "tty": false}""");

        Assert.Equal(["=out", "=err", """{"exitCode":3}"""], await ReceiveAllAsync(socket));
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        Assert.Equal(["a", "b"], Assert.IsType<ExecRequest>(_request).Command);
        await _guest.Disposed.WaitAsync(Patience);
    }

    [Fact]
    public async Task The_first_message_tells_all_about_the_command()
    {
        _guest.Says(new ExitReply(0));
        using var socket = await ExecAsync("""
            {"command": ["a"], "tty": true, "env": {"A": "1"}, "cwd": "/tmp", "timeout": 5, "wait_for_agent": 10, "rows": 50,
             "cols": 120, "future": null}
            """);
        await ReceiveAllAsync(socket);

        var request = Assert.IsType<ExecRequest>(_request);
        Assert.True(request.Tty);
        Assert.Equal("1", request.Env["A"]);
        Assert.Equal(("/tmp", 5, 50, 120), (request.Cwd, request.TimeoutSeconds, request.Rows, request.Columns));
    }

    [Theory]
    [InlineData("{}")]
    [InlineData("""{"command": []}""")]
    [InlineData("""{"command": null, "env": null}""")]
    public async Task Without_a_command_it_is_a_shell(string first)
    {
        _guest.Says(new ExitReply(0));
        using var socket = await ExecAsync(first);
        await ReceiveAllAsync(socket);
        Assert.Equal(["/bin/sh"], Assert.IsType<ExecRequest>(_request).Command);
    }

    [Fact]
    public async Task Input_comes_in_order_and_text_is_input_too_without_a_terminal()
    {
        using var socket = await ExecAsync("""{"command": ["cat"]}""");
        for (var number = 0; number < 50; number++)
            await SendBytesAsync(socket, $"{number}");
        await SendTextAsync(socket, """{"resize":{"rows":1,"cols":2}}""");

        for (var number = 0; number < 50; number++)
            Assert.Equal($"{number}", await NextInputAsync());
        Assert.Equal("""{"resize":{"rows":1,"cols":2}}""", await NextInputAsync());
    }

    [Theory]
    [InlineData("true", "end")]
    [InlineData("false", "more")]
    public async Task An_empty_message_ends_the_input_of_those_who_said_so(string said, string next)
    {
        using var socket = await ExecAsync($$"""{"command": ["cat"], "stdin_eof": {{said}}}""");
        await SendBytesAsync(socket, "last");
        await SendBytesAsync(socket, "");
        await SendBytesAsync(socket, "more");

        Assert.Equal("last", await NextInputAsync());
        Assert.Equal(next, await NextInputAsync());
    }

    [Fact]
    public async Task With_a_terminal_a_resize_resizes_and_other_text_is_input()
    {
        using var socket = await ExecAsync("""{"command": ["sh"], "tty": true}""");
        foreach (var text in (string[])["""{"resize":{"rows":30,"cols":90}}""", """{"resize":{"rows":0,"cols":90}}""", "[1]", "ls"])
            await SendTextAsync(socket, text);

        Assert.Equal("30x90", await NextInputAsync());
        Assert.Equal("""{"resize":{"rows":0,"cols":90}}""", await NextInputAsync());
        Assert.Equal("[1]", await NextInputAsync());
        Assert.Equal("ls", await NextInputAsync());
    }

    [Fact]
    public async Task Input_waits_for_a_guest_that_does_not_read_and_none_is_lost()
    {
        var reading = new TaskCompletionSource();
        _guest.Reading = reading.Task;
        using var socket = await ExecAsync("""{"command": ["cat"]}""");
        var sending = Task.Run(async () =>
        {
            for (var number = 0; number < 100; number++)
                await SendBytesAsync(socket, $"{number}");
        });
        _guest.Says("still talking");
        Assert.Equal("=still talking", await ReceiveAsync(socket));

        reading.SetResult();
        for (var number = 0; number < 100; number++)
            Assert.Equal($"{number}", await NextInputAsync());
        await sending;
    }

    [Fact]
    public async Task Large_input_is_cut_into_pieces_that_the_guest_takes()
    {
        using var socket = await ExecAsync("""{"command": ["cat"]}""");
        await SendBytesAsync(socket, new string('x', 100_000));
        var taken = 0;
        while (taken < 100_000)
        {
            var piece = await NextInputAsync();
            Assert.InRange(piece.Length, 1, 32 * 1024);
            taken += piece.Length;
        }
    }

    [Fact]
    public async Task A_command_ends_when_its_client_closes()
    {
        using var socket = await ExecAsync("""{"command": ["sleep"]}""");
        _guest.Says("ready");
        await ReceiveAsync(socket);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await _guest.Disposed.WaitAsync(Patience);
    }

    [Fact]
    public async Task A_command_ends_when_its_client_breaks_off()
    {
        var socket = await ExecAsync("""{"command": ["sleep"]}""");
        _guest.Says("ready");
        await ReceiveAsync(socket);
        socket.Abort();
        await _guest.Disposed.WaitAsync(Patience);
        socket.Dispose();
    }

    [Fact]
    public async Task A_session_that_breaks_off_does_not_look_like_a_good_end()
    {
        using var socket = await ExecAsync("""{"command": ["sleep"]}""");
        _guest.Says("ready");
        Assert.Equal("=ready", await ReceiveAsync(socket));
        await _guest.DisposeAsync();

        Assert.Equal(
            ["=Error: the command ended without an exit code\r\n", """{"exitCode":127}"""], await ReceiveAllAsync(socket));
    }

    [Fact]
    public async Task A_command_that_cannot_be_launched_tells_why()
    {
        _guest.Says(new FailedReply("no such file", null));
        using var socket = await ExecAsync("""{"command": ["nothing"]}""");
        Assert.Equal(["=Error: no such file\r\n", """{"exitCode":127}"""], await ReceiveAllAsync(socket));
    }

    [Theory]
    [InlineData("nonsense", "invalid JSON: ")]
    [InlineData("""{"command": ["a\u0000b"]}""", "command[0]: must have no NUL")]
    [InlineData("""{"env": {"A=B": "c"}}""", "env.A=B: must have a name without =")]
    [InlineData("[]", "first message must be an object, but is a list")]
    [InlineData("""{"command": "ls"}""", "command: must be a list of strings")]
    [InlineData("""{"command": ["ls"], "timeout": -1}""", "timeout: must be at least 0")]
    public async Task A_bad_first_message_is_told(string first, string message)
    {
        using var socket = await ExecAsync(first);
        var refusal = Assert.Single(await ReceiveAllAsync(socket));
        Assert.StartsWith("""{"error":""", refusal, StringComparison.Ordinal);
        Assert.Contains(message, refusal, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_first_message_that_is_not_text_is_told()
    {
        var id = await RunningAsync();
        using var socket = await Api.ConnectAsync($"/instances/{id}/exec");
        await SendBytesAsync(socket, "{}");
        Assert.Equal(["""{"error":"first message must be JSON text"}"""], await ReceiveAllAsync(socket));
    }

    [Fact]
    public async Task What_can_be_refused_is_refused_before_the_upgrade()
    {
        AssertError(await RefusedAsync("/instances/nobody/exec", 404), "not_found", "resource not found");

        var id = await RunningAsync();
        AssertError(await GetAsync($"/instances/{id}/exec", System.Net.HttpStatusCode.UpgradeRequired), "Upgrade Required", "WebSocket");
        await PostAsync($"/instances/{id}/stop", "", System.Net.HttpStatusCode.OK);
        AssertError(
            await RefusedAsync($"/instances/{id}/exec", 409), "invalid_state", "instance must be running (current state: Stopped)");

        var bare = await RunningAsync(""", "skip_guest_agent": true""");
        AssertError(await RefusedAsync($"/instances/{bare}/exec", 501), "unsupported", "without a guest agent");
    }

    private async Task<ClientWebSocket> ExecAsync(string first)
    {
        var id = await RunningAsync();
        Api.Node.Vms.Guest = request =>
        {
            _request = request;
            return _guest;
        };
        return await OpenAsync($"/instances/{id}/exec", first);
    }

    private async Task<string> NextInputAsync() => await _guest.Input.Reader.ReadAsync().AsTask().WaitAsync(Patience);
}

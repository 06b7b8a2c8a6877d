using System.Net.WebSockets;
using Hypeman.GuestProtocol.Messages;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Streams;

public sealed class CopyTests(ApiHost api) : SocketTests(api), IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ScriptedSession _guest = new();
    private GuestRequest? _request;

    public ValueTask DisposeAsync() => _guest.DisposeAsync();

    [Fact]
    public async Task A_file_is_written_up_to_the_end_mark()
    {
        using var socket = await CopyAsync("""
            {"direction": "to", "guest_path": "/a", "is_dir": false, "mode": 420, "uid": 1, "gid": 2, "src_basename": "b"}
            """);
        await SendBytesAsync(socket, "one");
        await SendTextAsync(socket, """{"type":"progress"}""");
        await SendBytesAsync(socket, """{"type":"end"}""");
        await SendTextAsync(socket, """{"type":"end"}""");
        foreach (var input in (string[])["one", """{"type":"end"}""", "end"])
            Assert.Equal(input, await NextInputAsync());
        _guest.Says(new WrittenReply(17));

        Assert.Equal(["""{"type":"result","success":true,"bytes_written":17}"""], await ReceiveAllAsync(socket));
        var request = Assert.IsType<CopyToRequest>(_request);
        Assert.Equal(("/a", 420u, 1u, 2u, "b"), (request.Path, request.Mode, request.Uid, request.Gid, request.SourceBasename));
    }

    [Fact]
    public async Task A_directory_is_made_at_the_end_mark()
    {
        using var socket = await CopyAsync("""{"direction": "to", "guest_path": "/d", "is_dir": true, "mode": 493}""");
        await SendTextAsync(socket, """{"type":"end"}""");
        Assert.Equal("end", await NextInputAsync());
        _guest.Says(new WrittenReply(0));
        Assert.Equal(["""{"type":"result","success":true}"""], await ReceiveAllAsync(socket));
        Assert.True(Assert.IsType<CopyToRequest>(_request).IsDirectory);
    }

    [Fact]
    public async Task A_copy_into_the_guest_that_fails_has_one_result()
    {
        _guest.Says(new FailedReply("disk full", "/a"));
        using var socket = await CopyAsync("""{"direction": "to", "guest_path": "/a"}""");
        Assert.Equal(["""{"type":"result","success":false,"error":"disk full"}"""], await ReceiveAllAsync(socket));
    }

    [Fact]
    public async Task A_client_that_leaves_before_the_end_mark_ends_the_copy()
    {
        using var socket = await CopyAsync("""{"direction": "to", "guest_path": "/a"}""");
        await SendBytesAsync(socket, "half");
        Assert.Equal("half", await NextInputAsync());
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await _guest.Disposed.WaitAsync(Patience);
        Assert.False(_guest.Input.Reader.TryRead(out _));
    }

    [Fact]
    public async Task A_tree_comes_entry_by_entry()
    {
        _guest.Says(new EntryReply { Path = "d", Mode = 493, IsDirectory = true, ModifiedAt = 5 }, new EntryEndReply(false))
            .Says(new EntryReply { Path = "d/l", Mode = 511, IsSymlink = true, LinkTarget = "f", Uid = 1, Gid = 2 }, new EntryEndReply(false))
            .Says(new EntryReply { Path = "d/f", Mode = 420, Size = 3 }).Says("abc").Says(new EntryEndReply(true));
        using var socket = await CopyAsync("""{"direction": "from", "guest_path": "/d", "follow_links": true}""");

        Assert.Equal(
            [
                """{"type":"header","path":"d","mode":493,"is_dir":true,"size":0,"mtime":5}""",
                """{"type":"end","final":false}""",
                """{"type":"header","path":"d/l","mode":511,"is_dir":false,"is_symlink":true,"link_target":"f","size":0,"mtime":0,"uid":1,"gid":2}""",
                """{"type":"end","final":false}""",
                """{"type":"header","path":"d/f","mode":420,"is_dir":false,"size":3,"mtime":0}""",
                "=abc",
                """{"type":"end","final":true}""",
            ],
            await ReceiveUntilFinalAsync(socket));
        Assert.True(Assert.IsType<CopyFromRequest>(_request).FollowLinks);
    }

    [Fact]
    public async Task A_small_JSON_file_comes_in_two_frames_so_that_it_cannot_be_taken_for_a_message()
    {
        _guest.Says(new EntryReply { Path = "f.json", Size = 8 }).Says("{\"a\":1}\n").Says(new EntryEndReply(true));
        using var socket = await CopyAsync("""{"direction": "from", "guest_path": "/f.json"}""");
        Assert.Equal(["={\"a\":1", "=}\n"], (await ReceiveUntilFinalAsync(socket))[1..3]);
    }

    [Fact]
    public async Task A_copy_out_of_the_guest_that_fails_tells_where()
    {
        _guest.Says(new FailedReply("no such file", "/a"));
        using var socket = await CopyAsync("""{"direction": "from", "guest_path": "/a"}""");
        Assert.Equal(["""{"type":"error","message":"no such file","path":"/a"}"""], await ReceiveAllAsync(socket));
    }

    [Theory]
    [InlineData("""{"direction": "up", "guest_path": "/a"}""", "invalid direction: up (must be 'to' or 'from')")]
    [InlineData("""{"guest_path": "/a"}""", "invalid direction:  (must be 'to' or 'from')")]
    [InlineData("""{"direction": "to"}""", "guest_path: is required")]
    [InlineData("""{"direction": "to", "guest_path": "/a", "mode": "x"}""", "mode: must be a whole number, but is a string")]
    public async Task A_bad_first_message_is_told(string first, string message)
    {
        using var socket = await CopyAsync(first);
        using var refusal = System.Text.Json.JsonDocument.Parse(Assert.Single(await ReceiveAllAsync(socket)));
        Assert.Equal("error", refusal.RootElement.GetProperty("type").GetString());
        Assert.Equal(message, refusal.RootElement.GetProperty("message").GetString());
    }

    [Fact]
    public async Task What_can_be_refused_is_refused_before_the_upgrade() =>
        AssertError(await RefusedAsync("/instances/nobody/cp", 404), "not_found", "resource not found");

    private async Task<ClientWebSocket> CopyAsync(string first)
    {
        var id = await RunningAsync();
        Api.Node.Vms.Guest = request =>
        {
            _request = request;
            return _guest;
        };
        return await OpenAsync($"/instances/{id}/cp", first);
    }

    private static async Task<List<string>> ReceiveUntilFinalAsync(ClientWebSocket socket)
    {
        var messages = new List<string>();
        while (await ReceiveAsync(socket) is { } message)
        {
            messages.Add(message);
            if (message.Contains("\"final\":true", StringComparison.Ordinal))
                break;
        }

        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        return messages;
    }

    private async Task<string> NextInputAsync() => await _guest.Input.Reader.ReadAsync().AsTask().WaitAsync(Patience);
}

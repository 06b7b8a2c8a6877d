using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Hypeman.Cli.Instances;
using Hypeman.Tests.Cli.Fakes;
using static Hypeman.Tests.Cli.Fakes.ScriptedServer;

namespace Hypeman.Tests.Cli.Instances;

public sealed class CopyCommandTests : IDisposable
{
    private readonly string _here = Directory.CreateTempSubdirectory("hypeman-cp-").FullName;

    public void Dispose() => Directory.Delete(_here, recursive: true);

    [Theory]
    [InlineData("web:/etc", "web", "/etc")]
    [InlineData("web:", "web", "/")]
    [InlineData("web:a:b", "web", "a:b")]
    [InlineData("file", null, "file")]
    [InlineData("./a:b", null, "./a:b")]
    [InlineData("/a:b", null, "/a:b")]
    [InlineData("dir/a:b", null, "dir/a:b")]
    public void A_place_is_in_an_instance_or_here(string text, string? instance, string path) =>
        Assert.Equal(new CopyPlace(instance, path), CopyPlace.Parse(text));

    [Fact]
    public async Task A_folder_goes_up_parents_first_each_entry_on_its_own()
    {
        await using var server = await ScriptedServer.StartAsync();
        var got = new List<string>();
        server.OnSocket("/instances/web/cp", socket => TakeAsync(socket, got));
        server.On("GET /instances/web/stat", (200, """{"exists":true,"is_dir":true}"""));
        var tree = Directory.CreateDirectory(Path.Combine(_here, "tree", "inner")).Parent!;
        await File.WriteAllTextAsync(Path.Combine(tree.FullName, "b.txt"), "bee");
        await File.WriteAllTextAsync(Path.Combine(tree.FullName, "inner", "c.txt"), "");

        var run = await CliRun.Async(server, "cp", tree.FullName, "web:/srv");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(["/srv/tree dir ", "/srv/tree/b.txt file bee", "/srv/tree/inner dir ", "/srv/tree/inner/c.txt file "], got);
    }

    [Fact]
    public async Task A_refused_file_is_an_error()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.OnSocket("/instances/web/cp", async socket =>
        {
            await ReceiveTextAsync(socket);
            await SendTextAsync(socket, """{"type":"result","success":false,"error":"read-only file system"}""");
            await CloseAsync(socket);
        });
        var file = Path.Combine(_here, "a");
        await File.WriteAllTextAsync(file, "x");

        var run = await CliRun.Async(server, "cp", file, "web:/proc/a");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("read-only file system", run.Error);
    }

    [Fact]
    public async Task A_tree_comes_down_with_modes_times_and_links()
    {
        await using var server = await ServingAsync(isDirectory: true, async socket =>
        {
            await HeaderAsync(socket, """{"type":"header","path":".","mode":493,"is_dir":true,"mtime":1700000000}""");
            await EndAsync(socket);
            await HeaderAsync(socket, """{"type":"header","path":"data.json","mode":384,"size":2,"mtime":1700000000}""");
            await SendBytesAsync(socket, "{");
            await SendBytesAsync(socket, "}");
            await EndAsync(socket);
            await HeaderAsync(socket, """{"type":"header","path":"link","is_symlink":true,"link_target":"data.json"}""");
            await EndAsync(socket, final: true);
        });

        var run = await CliRun.Async(server, "cp", "web:/srv/tree", _here);

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        var file = new FileInfo(Path.Combine(_here, "tree", "data.json"));
        Assert.Equal("{}", await File.ReadAllTextAsync(file.FullName));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, file.UnixFileMode);
        Assert.Equal(1700000000, new DateTimeOffset(file.LastWriteTimeUtc).ToUnixTimeSeconds());
        Assert.Equal("data.json", new FileInfo(Path.Combine(_here, "tree", "link")).LinkTarget);
    }

    [Theory]
    [InlineData("""{"type":"header","path":"../evil","size":1}""")]
    [InlineData("""{"type":"header","path":"/evil","size":1}""")]
    [InlineData("""{"type":"header","path":"a/../../evil","size":1}""")]
    [InlineData("""{"type":"header","path":"link","is_symlink":true,"link_target":"/etc/passwd"}""")]
    [InlineData("""{"type":"header","path":"link","is_symlink":true,"link_target":"../../evil"}""")]
    public async Task Nothing_an_instance_sends_lands_outside(string header)
    {
        await using var server = await ServingAsync(isDirectory: true, async socket =>
        {
            await HeaderAsync(socket, header);
            await EndAsync(socket, final: true);
        });

        var run = await CliRun.Async(server, "cp", "web:/srv/tree", Path.Combine(_here, "out"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("leaves the copy", run.Error);
        Assert.Equal(["out"], Directory.GetFileSystemEntries(_here).Select(Path.GetFileName));
    }

    [Fact]
    public async Task Nothing_is_written_through_a_link_that_was_sent_before()
    {
        await using var server = await ServingAsync(isDirectory: true, async socket =>
        {
            await HeaderAsync(socket, """{"type":"header","path":"here","is_symlink":true,"link_target":"."}""");
            await EndAsync(socket);
            await HeaderAsync(socket, """{"type":"header","path":"here/file","size":0}""");
            await EndAsync(socket, final: true);
        });

        var run = await CliRun.Async(server, "cp", "web:/srv/tree", Path.Combine(_here, "out"));

        Assert.Contains("through a symbolic link", run.Error);
    }

    [Fact]
    public async Task A_copy_without_its_end_is_no_success()
    {
        await using var server = await ServingAsync(isDirectory: false, socket =>
            HeaderAsync(socket, """{"type":"header","path":"f","size":10}"""));

        var run = await CliRun.Async(server, "cp", "web:/f", Path.Combine(_here, "f"));

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("before it was complete", run.Error);
    }

    private static async Task<ScriptedServer> ServingAsync(bool isDirectory, Func<WebSocket, Task> send)
    {
        var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web/stat", (200, $$"""{"exists":true,"is_dir":{{(isDirectory ? "true" : "false")}}}"""));
        return server.OnSocket("/instances/web/cp", async socket =>
        {
            await ReceiveTextAsync(socket);
            await send(socket);
            await CloseAsync(socket);
        });
    }

    private static Task HeaderAsync(WebSocket socket, string header) => SendTextAsync(socket, header);

    private static Task EndAsync(WebSocket socket, bool final = false) =>
        SendTextAsync(socket, final ? """{"type":"end","final":true}""" : """{"type":"end","final":false}""");

    private static async Task TakeAsync(WebSocket socket, List<string> got)
    {
        var request = JsonNode.Parse(await ReceiveTextAsync(socket))!;
        var content = new StringBuilder();
        while (true)
        {
            var (type, bytes) = await ReceiveAsync(socket);
            if (type == WebSocketMessageType.Text)
                break;
            content.Append(Encoding.UTF8.GetString(bytes));
        }
        got.Add($"{request["guest_path"]} {((bool)request["is_dir"]! ? "dir" : "file")} {content}");
        await SendTextAsync(socket, """{"type":"result","success":true}""");
        await CloseAsync(socket);
    }
}

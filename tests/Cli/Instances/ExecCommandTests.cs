using System.Net.WebSockets;
using System.Text;
using System.Text.Json.Nodes;
using Hypeman.Tests.Cli.Fakes;
using static Hypeman.Tests.Cli.Fakes.ScriptedServer;

namespace Hypeman.Tests.Cli.Instances;

public class ExecCommandTests
{
    [Fact]
    public async Task Output_goes_out_as_it_is_and_the_exit_code_is_passed_on()
    {
        await using var server = await ScriptedServer.StartAsync();
        var request = "";
        server.OnSocket("/instances/web/exec", async socket =>
        {
            request = await ReceiveTextAsync(socket);
            await SendBytesAsync(socket, "{\"not\":\"control\"}\n");
            await SendBytesAsync(socket, "more");
            await SendTextAsync(socket, """{"exitCode":42}""");
            await CloseAsync(socket);
        });

        var run = await CliRun.Async(server, "exec", "-w", "/srv", "-e", "A=1", "--timeout", "1500ms", "web", "--", "ls", "-la");

        Assert.Equal((42, "{\"not\":\"control\"}\nmore"), (run.ExitCode, run.Out));
        var expected = JsonNode.Parse(
            """{"command":["ls","-la"],"tty":false,"env":{"A":"1"},"cwd":"/srv","timeout":2,"wait_for_agent":0,"stdin_eof":true}""");
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(request)), request);
        Assert.Equal("Bearer key", server.Requests.Single().Authorization);
    }

    [Theory]
    [InlineData("-i", "Binary: hello, Binary: ")]
    [InlineData("-e=A=1", "Binary: ")]
    public async Task Input_is_passed_on_only_when_asked_and_its_end_is_told(string option, string received)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.OnSocket("/instances/web/exec", async socket =>
        {
            await ReceiveTextAsync(socket);
            var messages = new List<string>();
            byte[] bytes;
            do
            {
                (var type, bytes) = await ReceiveAsync(socket);
                messages.Add($"{type}: {Encoding.UTF8.GetString(bytes)}");
            }
            while (bytes.Length > 0);
            await SendBytesAsync(socket, string.Join(", ", messages));
            await SendTextAsync(socket, """{"exitCode":0}""");
            await CloseAsync(socket);
        });

        Assert.Equal(received, (await CliRun.Async(server, "hello", ["exec", option, "web", "--", "cat"])).Out);
    }

    [Fact]
    public async Task A_refusal_before_the_session_is_said_in_the_servers_words()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web/exec", (409, """{"code":"invalid_state","message":"instance must be running (current state: Stopped)"}"""));

        var run = await CliRun.Async(server, "exec", "web", "--", "ls");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("current state: Stopped", run.Error);
    }

    [Fact]
    public async Task A_connection_that_breaks_is_no_success()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.OnSocket("/instances/web/exec", async socket =>
        {
            await ReceiveTextAsync(socket);
            socket.Abort();
        });

        Assert.Equal(1, (await CliRun.Async(server, "exec", "web", "--", "ls")).ExitCode);
    }

    [Fact]
    public async Task An_error_of_the_session_is_said()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.OnSocket("/instances/web/exec", async socket =>
        {
            await ReceiveTextAsync(socket);
            await SendTextAsync(socket, """{"error":"invalid JSON: oops"}""");
            await CloseAsync(socket);
        });

        var run = await CliRun.Async(server, "exec", "web", "--", "ls");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("oops", run.Error);
    }
}

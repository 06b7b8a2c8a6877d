using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Invocation;

public class FailureTests
{
    [Theory]
    [InlineData(404, "not_found", 4)]
    [InlineData(401, "Unauthorized", 5)]
    [InlineData(403, "Forbidden", 5)]
    [InlineData(409, "invalid_state", 1)]
    [InlineData(500, "internal_error", 1)]
    public async Task A_refusal_is_the_servers_words_and_an_exit_code(int status, string code, int exitCode)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web", (status, $$"""{"code":"{{code}}","message":"no, because"}"""));

        var run = await CliRun.Async(server, "get", "web");

        Assert.Equal(exitCode, run.ExitCode);
        Assert.StartsWith("hypeman: no, because", run.Error);
        Assert.InRange(run.Error.Split('\n', StringSplitOptions.RemoveEmptyEntries).Length, 1, 2);
        Assert.Empty(run.Out);
    }

    [Fact]
    public async Task No_server_is_said_with_the_way_out()
    {
        var run = await CliRun.Async(new Dictionary<string, string> { ["HYPEMAN_BASE_URL"] = "http://127.0.0.1:1" }, "", ["ps"]);

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("No answer from http://127.0.0.1:1", run.Error);
        Assert.Contains("HYPEMAN_BASE_URL", run.Error);
    }

    [Fact]
    public async Task A_server_that_is_no_fleet_is_said_to_be_none()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances", (200, "<html>"));

        var run = await CliRun.Async(server, "ps");

        Assert.Equal(3, run.ExitCode);
        Assert.Contains("no Hypeman API", run.Error);
    }

    [Theory]
    [InlineData("rn")]
    [InlineData("get")]
    [InlineData("run", "alpine", "--env", "novalue")]
    [InlineData("wait", "web", "--timeout", "soon")]
    [InlineData("wait", "web", "--state", "Happy")]
    [InlineData("ingress", "create", "web", "--host", "a", "--to", "web")]
    [InlineData("cp", "a", "b")]
    [InlineData("exec", "-t", "web", "--", "sh")]
    public async Task Wrong_usage_is_exit_code_2_and_asks_no_server(params string[] arguments)
    {
        await using var server = await ScriptedServer.StartAsync();

        var run = await CliRun.Async(server, arguments);

        Assert.Equal(2, run.ExitCode);
        Assert.NotEmpty(run.Error);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task The_key_is_sent_and_an_option_beats_the_environment()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances", (200, "[]"));

        await CliRun.Async(server, "ps");
        await CliRun.Async(server, "ps", "--api-key", "other");

        Assert.Equal(["Bearer key", "Bearer other"], server.Requests.Select(request => request.Authorization));
    }
}

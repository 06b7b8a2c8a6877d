using System.Text.Json.Nodes;
using Hypeman.Cli.Instances;
using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Instances;

public class RunCommandTests
{
    private const string Web = """{"id":"id1","name":"web","image":"docker.io/library/alpine:latest","state":"Running"}""";

    [Fact]
    public async Task Only_what_was_asked_for_is_sent()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances", (201, Web));

        var run = await CliRun.Async(
            server, "run", "alpine", "--name", "web", "-e", "A=1", "-e", "B=x=y", "--memory", "512MB", "--vcpus", "1", "--no-network", "--", "sleep", "-v");

        Assert.Equal((0, "web"), (run.ExitCode, run.Out.Trim()));
        var expected = JsonNode.Parse("""
            {"name":"web","image":"alpine","size":"512MB","vcpus":1,"env":{"A":"1","B":"x=y"},"cmd":["sleep","-v"],"network":{"enabled":false}}
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(server.Requests.Single().Body)), server.Requests.Single().Body);
    }

    [Fact]
    public async Task An_image_that_must_be_pulled_first_is_waited_for()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances", (400, """{"code":"image_not_ready","message":"being pulled"}"""), (201, Web));
        server.On("GET /images/alpine", (200, """{"name":"alpine","status":"pulling"}"""), (200, """{"name":"alpine","status":"ready"}"""));

        var run = await CliRun.Async(server, "run", "alpine", "--name", "web");

        Assert.Equal((0, ""), (run.ExitCode, run.Error));
        Assert.Equal(
            ["POST /instances", "GET /images/alpine", "GET /images/alpine", "POST /instances"], server.Requests.Select(r => r.ToString()));
    }

    [Fact]
    public async Task An_image_that_fails_is_said_with_its_reason()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances", (400, """{"code":"image_not_ready","message":"being pulled"}"""));
        server.On("GET /images/alpine", (200, """{"name":"alpine","status":"failed","error":"a layer is damaged"}"""));

        var run = await CliRun.Async(server, "run", "alpine");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("a layer is damaged", run.Error);
    }

    [Fact]
    public async Task Waiting_goes_on_over_several_requests_until_it_runs()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances", (201, Web));
        server.On("GET /instances/id1", (200, Web));
        server.On("GET /instances/web/wait", (200, """{"state":"Initializing","timed_out":true}"""), (200, """{"state":"Running","timed_out":false}"""));

        var run = await CliRun.Async(server, "run", "alpine", "--name", "web", "--wait");

        Assert.Equal((0, "web"), (run.ExitCode, run.Out.Trim()));
        Assert.Contains("?state=Running&timeout=30s", server.Requests.ElementAt(1).ToString());
    }

    [Fact]
    public async Task An_instance_that_ends_before_it_runs_says_how_it_ended()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances", (201, Web));
        server.On("GET /instances/web/wait", (200, """{"state":"Stopped","timed_out":false}"""));
        server.On("GET /instances/web", (200, """{"id":"id1","name":"web","state":"Stopped","exit_code":127,"exit_message":"command not found"}"""));

        var run = await CliRun.Async(server, "run", "alpine", "--name", "web", "--wait");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("ended with 127 (command not found)", run.Error);
        Assert.Contains("hypeman logs web", run.Error);
    }

    [Theory]
    [InlineData("docker.io/library/nginx:alpine", "nginx-")]
    [InlineData("localhost:8080/My_App@sha256:0000", "my-app-")]
    [InlineData("___", "instance-")]
    public void A_name_is_made_of_the_images(string image, string stem)
    {
        var name = RunCommand.NameFor(image);
        Assert.Matches("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$", name);
        Assert.StartsWith(stem, name);
    }
}

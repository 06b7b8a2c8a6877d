using System.Text.Json.Nodes;
using Hypeman.Client.Images;
using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Images;

public sealed class ImagePullTests
{
    private const string Password = "correct horse\tbattery";

    private static async Task<ScriptedServer> StartAsync()
    {
        var server = await ScriptedServer.StartAsync();
        return server.On("POST /images", (202, """{"name":"r.example/app:1","status":"pending"}"""));
    }

    [Fact]
    public async Task A_login_is_sent_with_the_pull_and_never_shown()
    {
        await using var server = await StartAsync();

        var run = await CliRun.Async(
            server, Password + "\n", ["image", "pull", "r.example/app:1", "-u", "me", "--password-stdin", "--no-wait", "--json"]);

        var body = JsonNode.Parse(Assert.Single(server.Requests).Body)!;
        Assert.Equal("r.example/app:1", (string?)body["name"]);
        Assert.Equal(("me", Password), ((string?)body["credentials"]!["username"], (string?)body["credentials"]!["password"]));
        Assert.Equal(0, run.ExitCode);
        Assert.DoesNotContain("horse", run.Out + run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("horse", new CreateImage("a", new RegistryLogin("me", Password)).ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refusal_of_the_login_does_not_show_it_either()
    {
        await using var server = await StartAsync();
        server.On("POST /images", (404, """{"code":"not_found","message":"the registry refuses the login"}"""));

        var run = await CliRun.Async(server, Password, ["image", "pull", "r.example/app:1", "-u", "me", "--password-stdin"]);

        Assert.NotEqual(0, run.ExitCode);
        Assert.Contains("refuses the login", run.Error, StringComparison.Ordinal);
        Assert.DoesNotContain("horse", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Without_a_login_none_is_sent()
    {
        await using var server = await StartAsync();
        await CliRun.Async(server, "not asked for", ["image", "pull", "r.example/app:1", "--no-wait"]);
        Assert.Equal("""{"name":"r.example/app:1"}""", Assert.Single(server.Requests).Body);
    }

    [Theory]
    [InlineData("secret", "--username", "me")]
    [InlineData("secret", "--password-stdin")]
    [InlineData("secret", "--username", "", "--password-stdin")]
    [InlineData("\n", "--username", "me", "--password-stdin")]
    public async Task Half_a_login_is_refused_before_anything_is_sent(string input, params string[] options)
    {
        await using var server = await StartAsync();
        var run = await CliRun.Async(server, input, ["image", "pull", "r.example/app:1", .. options]);
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--password-stdin", run.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }
}

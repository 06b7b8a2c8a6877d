using System.Text.Json.Nodes;
using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Ingresses;

public class IngressCommandTests
{
    private const string Made = """
        {"id":"g1","name":"web","rules":[{"match":{"hostname":"web.localhost","port":80},"target":{"instance":"web","port":80},"tls":false}],
         "created_at":"2026-01-02T03:04:05Z"}
        """;

    [Fact]
    public async Task Hosts_and_targets_pair_up_to_rules()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /ingresses", (201, Made));

        var run = await CliRun.Async(
            server, "ingress", "create", "web", "--host", "web.localhost", "--to", "web:80", "--host", "api.localhost:8081", "--to", "api:3000");

        Assert.Equal("g1", run.Out.Trim());
        var expected = JsonNode.Parse("""
            {"name":"web","rules":[
              {"match":{"hostname":"web.localhost"},"target":{"instance":"web","port":80}},
              {"match":{"hostname":"api.localhost","port":8081},"target":{"instance":"api","port":3000}}]}
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(server.Requests.Single().Body)));
    }

    [Fact]
    public async Task A_pattern_and_whom_it_wakes_are_sent_as_they_are()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /ingresses", (201, Made));

        await CliRun.Async(server, "ingress", "create", "all", "--host", "{instance}.example.com:8081", "--to", "{instance}:80", "--wake", "stopped");

        var expected = JsonNode.Parse("""
            {"name":"all","rules":[
              {"match":{"hostname":"{instance}.example.com","port":8081},"target":{"instance":"{instance}","port":80},"wake":"stopped"}]}
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(server.Requests.Single().Body)));
    }

    [Theory]
    [InlineData("\"wake\":\"standby\"", "web.localhost -> web:80")]
    [InlineData(
        "\"wake\":\"stopped\",\"request_header_auth\":{\"header\":\"X-Key\",\"value\":\"***\"}",
        "web.localhost -> web:80 (asks for the header X-Key; wakes also from stopped)")]
    [InlineData("\"wake\":\"never\",\"redirect_http\":true", "web.localhost -> web:80 (sends callers of port 80 here; wakes nobody)")]
    [InlineData(
        "\"wake_filter\":{\"only_paths\":[\"/api/*\"],\"except_paths\":[\"/api/up\",\"/api/ok\"],\"except_user_agents\":[\"kube-probe/*\"]}",
        "web.localhost -> web:80 (wakes for /api/*; does not wake for /api/up, /api/ok; does not wake for callers kube-probe/*)")]
    public async Task What_is_special_about_a_rule_is_shown_with_it(string special, string shown)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /ingresses/web", (200, Made.Replace("\"tls\":false", special, StringComparison.Ordinal)));

        var lines = (await CliRun.Async(server, "ingress", "get", "web")).Out.Split('\n');

        Assert.Contains($"Rule: {shown}", lines);
    }

    [Fact]
    public async Task TLS_is_asked_for_and_shown()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /ingresses", (201, Made));
        server.On("GET /ingresses", (200, $"[{Made.Replace("\"port\":80},\"target", "\"port\":443},\"target", StringComparison.Ordinal)
            .Replace("\"tls\":false", "\"tls\":true", StringComparison.Ordinal)}]"));

        await CliRun.Async(server, "ingress", "create", "web", "--host", "web.example.com", "--to", "web:80", "--tls", "--redirect-http");

        var expected = JsonNode.Parse("""
            {"match":{"hostname":"web.example.com"},"target":{"instance":"web","port":80},"tls":true,"redirect_http":true}
            """);
        Assert.True(JsonNode.DeepEquals(expected, JsonNode.Parse(server.Requests.Single().Body)!["rules"]![0]));
        Assert.Contains("https://web.localhost -> web:80", (await CliRun.Async(server, "ingress", "ls")).Out, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_does_not_wake_is_sent_as_patterns()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /ingresses", (201, Made));

        await CliRun.Async(
            server, "ingress", "create", "web", "--host", "web.localhost", "--to", "web:80",
            "--wake-path", "/", "--wake-path", "/api/*", "--no-wake-path", "/api/health", "--no-wake-agent", "kube-probe/*");

        Assert.Equal(
            """{"only_paths":["/","/api/*"],"except_paths":["/api/health"],"except_user_agents":["kube-probe/*"]}""",
            JsonNode.Parse(server.Requests.Single().Body)!["rules"]![0]!["wake_filter"]!.ToJsonString());
    }

    [Fact]
    public async Task The_value_of_a_header_comes_from_standard_input_and_is_shown_nowhere()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /ingresses", (201, Made));
        var secret = new string('s', 40);

        var run = await CliRun.Async(
            server, secret + "\n",
            ["ingress", "create", "web", "--host", "web.localhost", "--to", "web:80", "--require-header", "X-Key", "--header-value-stdin"]);

        Assert.Equal(
            $$"""{"header":"X-Key","value":"{{secret}}"}""",
            JsonNode.Parse(server.Requests.Single().Body)!["rules"]![0]!["request_header_auth"]!.ToJsonString());
        Assert.DoesNotContain("sss", run.Out + run.Error, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("secret", "--require-header", "X-Key")]
    [InlineData("secret", "--header-value-stdin")]
    [InlineData("\n", "--require-header", "X-Key", "--header-value-stdin")]
    public async Task Half_a_header_is_refused_before_anything_is_sent(string input, params string[] options)
    {
        await using var server = await ScriptedServer.StartAsync();

        var run = await CliRun.Async(server, input, ["ingress", "create", "web", "--host", "web.localhost", "--to", "web:80", .. options]);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--header-value-stdin", run.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task A_list_shows_where_each_host_leads()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /ingresses", (200, $"[{Made}]"));

        var run = await CliRun.Async(server, "ingress", "list");

        Assert.Contains("web.localhost -> web:80", run.Out);
    }

    [Theory]
    [InlineData("web.localhost:0", "web:80")]
    [InlineData("web.localhost", "web:99999")]
    [InlineData(":80", "web:80")]
    [InlineData("web.localhost", ":80")]
    public async Task A_rule_that_makes_no_sense_is_not_sent(string host, string target)
    {
        await using var server = await ScriptedServer.StartAsync();

        Assert.Equal(2, (await CliRun.Async(server, "ingress", "create", "web", "--host", host, "--to", target)).ExitCode);
        Assert.Empty(server.Requests);
    }
}

using System.Text.Json.Nodes;
using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Instances;

public class InstanceCommandTests
{
    private const string Web =
        """{"id":"id1","name":"web","image":"alpine","state":"Running","network":{"enabled":true,"ip":"10.1.0.2"},"new_field":[1]}""";

    [Fact]
    public async Task A_list_is_one_line_each_that_scripts_can_cut()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances", (200, $"[{Web}]"));

        var run = await CliRun.Async(server, "ps", "--state", "Running", "--tag", "team=a b");

        Assert.Equal(["id1", "web", "alpine", "Running", "10.1.0.2"], run.Out.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("GET /instances?state=Running&tags%5Bteam%5D=a%20b", server.Requests.Single().ToString());
    }

    [Theory]
    [InlineData("ps", "-q")]
    [InlineData("instance", "list", "--quiet")]
    public async Task A_quiet_list_is_the_ids_and_nothing_else(params string[] arguments)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances", (200, $"[{Web},{Web.Replace("id1", "id2", StringComparison.Ordinal)}]"), (200, "[]"));

        Assert.Equal($"id1{Environment.NewLine}id2{Environment.NewLine}", (await CliRun.Async(server, arguments)).Out);
        Assert.Equal("", (await CliRun.Async(server, arguments)).Out);
    }

    [Fact]
    public async Task As_JSON_nothing_of_the_answer_is_lost()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web", (200, Web));

        var run = await CliRun.Async(server, "instance", "get", "web", "--json");

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(Web), JsonNode.Parse(run.Out)), run.Out);
    }

    [Fact]
    public async Task A_move_goes_on_with_its_memory_unless_it_is_told_to_restart()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances/web/move", (200, Web.Replace("\"state\"", "\"node\":\"n2\",\"state\"", StringComparison.Ordinal)));

        var run = await CliRun.Async(server, "move", "web", "--to", "n2");
        await CliRun.Async(server, "move", "web", "--restart");

        Assert.Equal("web is Running on n2", run.Out.Trim());
        Assert.Equal(["""{"node":"n2","running":"suspend"}""", """{"running":"restart"}"""], server.Requests.Select(request => request.Body));
    }

    [Fact]
    public async Task The_end_of_an_instance_is_changed_by_an_update()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("PATCH /instances/web", (200, Web));

        await CliRun.Async(server, "update", "web", "--ttl", "24h");
        await CliRun.Async(server, "update", "web", "--expires-at", "2026-08-21T18:00:00Z");

        Assert.Equal(["""{"ttl":"24h"}""", """{"expires_at":"2026-08-21T18:00:00+00:00"}"""], server.Requests.Select(request => request.Body));
    }

    [Theory]
    [InlineData("always", """{"restart_policy":{"policy":"always"}}""")]
    [InlineData("on-failure:3", """{"restart_policy":{"policy":"on_failure","max_attempts":3}}""")]
    public async Task A_restart_policy_is_a_word_and_the_most_attempts(string words, string body)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("PATCH /instances/web", (200, Web));

        await CliRun.Async(server, "update", "web", "--restart", words);

        Assert.Equal(body, server.Requests.Single().Body);
    }

    [Theory]
    [InlineData("http:8080/healthz", """{"health_check":{"type":"http","http":{"port":8080,"path":"/healthz"}}}""")]
    [InlineData("http:80", """{"health_check":{"type":"http","http":{"port":80}}}""")]
    [InlineData("tcp:5432", """{"health_check":{"type":"tcp","tcp":{"port":5432}}}""")]
    [InlineData("exec:test -e /tmp/a:b", """{"health_check":{"type":"exec","exec":{"command":["/bin/sh","-c","test -e /tmp/a:b"]}}}""")]
    [InlineData("none", """{"health_check":{"type":"none"}}""")]
    public async Task A_health_check_is_its_kind_and_what_is_to_answer(string words, string body)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("PATCH /instances/web", (200, Web));

        await CliRun.Async(server, "update", "web", "--health", words);

        Assert.Equal(body, server.Requests.Single().Body);
    }

    [Theory]
    [InlineData("--auto-standby 5m", """{"auto_standby":{"enabled":true,"idle_timeout":"5m"}}""")]
    [InlineData("--auto-standby off", """{"auto_standby":{"enabled":false}}""")]
    [InlineData(
        "--auto-standby 1h30m --ignore-source 10.0.0.0/8 --ignore-source fd00::/8 --ignore-port 9100",
        """{"auto_standby":{"enabled":true,"idle_timeout":"1h30m","ignore_source_cidrs":["10.0.0.0/8","fd00::/8"],"ignore_destination_ports":[9100]}}""")]
    public async Task Standby_by_itself_is_a_duration_and_what_does_not_count(string words, string body)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("PATCH /instances/web", (200, Web));

        await CliRun.Async(server, ["update", "web", .. words.Split(' ')]);

        Assert.Equal(body, server.Requests.Single().Body);
    }

    [Theory]
    [InlineData("--ignore-port 9100")]
    [InlineData("--auto-standby off --ignore-source 10.0.0.0/8")]
    [InlineData("--auto-standby 5m --ignore-port many")]
    public async Task What_does_not_count_goes_with_a_duration(string words)
    {
        await using var server = await ScriptedServer.StartAsync();

        Assert.Equal(2, (await CliRun.Async(server, ["update", "web", .. words.Split(' ')])).ExitCode);
    }

    [Theory]
    [InlineData("status", "GET /instances/web/auto-standby/status")]
    [InlineData("hold", "POST /instances/web/auto-standby/hold")]
    public async Task How_far_it_is_from_standby_is_shown_and_held_off(string verb, string call)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On(call, (200, """
            {"supported": true, "configured": true, "enabled": true, "eligible": true, "status": "idle_countdown",
             "reason": "idle_timeout_not_elapsed", "active_inbound_connections": 0, "idle_timeout": "5m0s",
             "next_standby_at": "2026-04-06T17:09:05Z", "hold_until": null, "tracking_mode": "conntrack_tcp"}
            """));

        var run = await CliRun.Async(server, "auto-standby", verb, "web");

        Assert.Equal(0, run.ExitCode);
        Assert.Matches("(?m)^Status: +idle_countdown", run.Out);
        Assert.Matches("(?m)^Standby at: +2026-04-06 17:09:05Z", run.Out);
        Assert.DoesNotContain("Held until", run.Out, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("http")]
    [InlineData("http:/x")]
    [InlineData("tcp:")]
    [InlineData("exec:")]
    [InlineData("none:1")]
    [InlineData("udp:1")]
    public async Task What_is_no_health_check_is_wrong_usage(string words)
    {
        await using var server = await ScriptedServer.StartAsync();

        Assert.Equal(2, (await CliRun.Async(server, "update", "web", "--health", words)).ExitCode);
    }

    [Theory]
    [InlineData("sometimes")]
    [InlineData("on-failure:x")]
    [InlineData("on-failure:-1")]
    [InlineData("always:1:2")]
    public async Task What_is_no_restart_policy_is_wrong_usage(string words)
    {
        await using var server = await ScriptedServer.StartAsync();

        var run = await CliRun.Async(server, "update", "web", "--restart", words);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains("is no restart policy", run.Error);
    }

    [Fact]
    public async Task What_instances_take_is_told_in_a_line_each()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web/stats", (200, """
            {"instance_name":"web","cpu_seconds":29.94,"memory_rss_bytes":1048576,"allocated_memory_bytes":1073741824,"network_rx_bytes":7}
            """));

        var run = await CliRun.Async(server, "stats", "web", "web");

        Assert.Equal(["web", "29.94", "1.0", "MB", "1.0", "GB", "7", "B", "0", "B"],
            run.Out.Split('\n')[2].Split(' ', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_wait_that_times_out_is_124_and_one_that_ends_elsewhere_1()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web/wait", (200, """{"state":"Initializing","timed_out":true}"""));
        server.On("GET /instances/dead/wait", (200, """{"state":"Unknown","state_error":"node lost","timed_out":false}"""));

        Assert.Equal(124, (await CliRun.Async(server, "wait", "web", "--timeout", "1ms")).ExitCode);
        var dead = await CliRun.Async(server, "wait", "dead");
        Assert.Equal(1, dead.ExitCode);
        Assert.Contains("node lost", dead.Error);
    }

    [Fact]
    public async Task Removing_what_is_gone_is_an_error_unless_forced()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("DELETE /instances/web", (204, ""));

        Assert.Equal(0, (await CliRun.Async(server, "rm", "web")).ExitCode);
        Assert.Equal(4, (await CliRun.Async(server, "rm", "gone")).ExitCode);
        Assert.Equal(0, (await CliRun.Async(server, "rm", "-f", "gone", "web")).ExitCode);
    }

    [Fact]
    public async Task Log_events_become_lines()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web/logs", async (context, _) =>
        {
            context.Response.ContentType = "text/event-stream";
            await context.Response.Body.WriteAsync("data: \"one \\\"1\\\"\"\n\n: beat\n\ndata: \"two\"\n\n"u8.ToArray());
        });

        var run = await CliRun.Async(server, "logs", "web", "--tail", "5", "--source", "vmm");

        Assert.Equal("one \"1\"\ntwo\n", run.Out);
        Assert.Equal("?source=vmm&tail=5&follow=false", server.Requests.Single().Query);
    }

    [Fact]
    public async Task Stat_says_what_a_path_is()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web/stat", (200, """{"exists":true,"is_file":true,"is_dir":false,"is_symlink":false,"mode":33188,"size":2048}"""),
            (200, """{"exists":false}"""));

        var found = await CliRun.Async(server, "stat", "web:/etc/hosts");
        Assert.Contains("0644", found.Out);
        Assert.Contains("2048 (2.0 KB)", found.Out);
        Assert.Equal(4, (await CliRun.Async(server, "stat", "web:/nowhere")).ExitCode);
    }
}

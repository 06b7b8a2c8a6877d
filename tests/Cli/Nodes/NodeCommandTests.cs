using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Nodes;

public class NodeCommandTests
{
    private static string Node(string state) => $$"""
        {"id":"n1","hostname":"host-1","state":"{{state}}","version":"1.0.0","hypervisors":["qemu"],"accelerator":"kvm",
         "platform":"linux/amd64","labels":{"zone":"a"},"capacity":{"cpus":4,"memory_bytes":8589934592,"disk_bytes":107374182400},
         "free":{"memory_bytes":4294967296,"disk_bytes":53687091200},"instances":3,"heartbeat_age":2.4,
         "ingress":{"state":"degraded","reason":"other programs hold ports of rules: 443","port":80,"rules":7,"open_requests":2,"waiting_requests":0},
         "created_at":"2026-01-02T03:04:05Z"}
        """;

    [Fact]
    public async Task A_list_shows_state_and_room()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /nodes", (200, $"[{Node("ready")}]"));

        var run = await CliRun.Async(server, "node", "ls");

        foreach (var word in (string[])["n1", "host-1", "ready", "3", "4.0 GB", "50.0 GB", "2s ago"])
            Assert.Contains(word, run.Out);
    }

    [Fact]
    public async Task A_node_is_shown_with_its_labels()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /nodes/host-1", (200, Node("cordoned")));

        var run = await CliRun.Async(server, "node", "get", "host-1");

        Assert.Contains("zone=a", run.Out);
        Assert.Contains("4.0 GB free of 8.0 GB", run.Out);
        Assert.Contains("degraded, 7 rules, 2 requests open: other programs hold ports of rules: 443", run.Out);
    }

    [Theory]
    [InlineData("cordon", "cordoned")]
    [InlineData("uncordon", "ready")]
    public async Task A_change_says_what_came_of_it(string verb, string state)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On($"POST /nodes/n1/{verb}", (200, Node(state)));

        Assert.Equal($"n1 {state}", (await CliRun.Async(server, "node", verb, "n1")).Out.Trim());
    }

    private const string Moving = """
        {"state":"draining","running":"restart","started_at":"2026-01-02T03:04:05Z","moved":{"instances":1,"images":0},
         "moving":[{"kind":"instance","id":"i2","name":"web","node":"n2","restart":true}],"left":[]}
        """;

    private static string Ended(string left) => $$"""
        {"state":"finished","running":"restart","started_at":"2026-01-02T03:04:05Z","finished_at":"2026-01-02T03:05:05Z",
         "moved":{"instances":2,"images":1},"moving":[],"left":[{{left}}]}
        """;

    [Fact]
    public async Task A_plan_says_what_would_go_and_what_would_stay()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /nodes/n1/drain", (200, """
            {"moves":[{"kind":"instance","id":"i2","name":"web","node":"n2","restart":true}],
             "left":[{"kind":"instance","id":"i3","name":"db","reason":"it runs"}]}
            """));

        var run = await CliRun.Async(server, "node", "drain", "n1", "--plan", "--running", "restart");

        Assert.Equal(
            "instance web goes to n2, stopped and started again\ninstance db stays: it runs\n1 would go, 1 would stay", run.Out.Trim());
        Assert.Equal("""{"plan":true,"running":"restart"}""", server.Requests.Single().Body);
        Assert.Equal(0, run.ExitCode);
    }

    [Fact]
    public async Task A_drain_leaves_what_runs_unless_it_is_told_otherwise()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /nodes/n1/drain", (202, Moving));

        Assert.Equal("n1 draining", (await CliRun.Async(server, "node", "drain", "n1")).Out.Trim());
        Assert.Equal("""{"running":"leave"}""", server.Requests.Single().Body);
    }

    [Theory]
    [InlineData("", 0)]
    [InlineData("""{"kind":"instance","id":"i3","name":"db","reason":"no room"}""", 1)]
    public async Task A_drain_that_is_waited_for_tells_how_it_goes_and_fails_when_something_is_left(string left, int code)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /nodes/n1/drain", (202, Moving));
        server.On("GET /nodes/n1", (200, Node("cordoned").TrimEnd().TrimEnd('}') + $$""","drain":{{Ended(left)}}}"""));

        var run = await CliRun.Async(server, "node", "drain", "n1", "--running", "restart", "--wait");

        Assert.Equal(code, run.ExitCode);
        Assert.Contains("1 instances, 0 snapshots and 0 images moved, 0 left, moving web to n2", run.Error, StringComparison.Ordinal);
        Assert.Contains("n1 finished: 2 instances, 0 snapshots and 1 images moved", run.Out, StringComparison.Ordinal);
        Assert.Equal(code == 1, run.Out.Contains("instance db stays: no room", StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_drain_is_cancelled()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("DELETE /nodes/n1/drain", (202, Moving.Replace("draining", "cancelling", StringComparison.Ordinal)));

        Assert.Equal("n1 cancelling", (await CliRun.Async(server, "node", "drain", "n1", "--cancel")).Out.Trim());
        var run = await CliRun.Async(server, "node", "drain", "n1", "--plan", "--cancel");
        Assert.Equal(2, run.ExitCode);
        Assert.Contains("--plan changes nothing", run.Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_refused_removal_says_why()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("DELETE /nodes/n1", (409, """{"code":"invalid_state","message":"node n1 is reachable"}"""));

        var run = await CliRun.Async(server, "node", "rm", "n1");

        Assert.Equal(1, run.ExitCode);
        Assert.Contains("node n1 is reachable", run.Error);
    }
}

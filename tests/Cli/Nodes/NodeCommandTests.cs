using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Nodes;

public class NodeCommandTests
{
    private static string Node(string state) => $$"""
        {"id":"n1","hostname":"host-1","state":"{{state}}","version":"1.0.0","hypervisors":["qemu"],"accelerator":"kvm",
         "platform":"linux/amd64","labels":{"zone":"a"},"capacity":{"cpus":4,"memory_bytes":8589934592,"disk_bytes":107374182400},
         "free":{"memory_bytes":4294967296,"disk_bytes":53687091200},"instances":3,"heartbeat_age":2.4,"created_at":"2026-01-02T03:04:05Z"}
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

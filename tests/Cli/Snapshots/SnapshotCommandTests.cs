using System.Text.Json.Nodes;
using Hypeman.Tests.Cli.Fakes;

namespace Hypeman.Tests.Cli.Snapshots;

public class SnapshotCommandTests
{
    private const string Instance = """{"id":"id1","name":"web","image":"alpine","state":"Running"}""";

    private const string Taken =
        """{"id":"s1","name":"first","kind":"Standby","source_instance_id":"id1","source_instance_name":"web","size_bytes":2097152,"node":"n1"}""";

    [Theory]
    [InlineData("Running", "Standby")]
    [InlineData("Standby", "Standby")]
    [InlineData("Stopped", "Stopped")]
    public async Task A_snapshot_is_of_the_kind_that_the_instance_allows(string state, string kind)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web", (200, Instance.Replace("Running", state, StringComparison.Ordinal)));
        server.On("POST /instances/id1/snapshots", (201, Taken));

        var run = await CliRun.Async(server, "snapshot", "create", "web", "--name", "first", "--tag", "a=b");

        Assert.Equal($"s1{Environment.NewLine}", run.Out);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse($$$"""{"kind":"{{{kind}}}","name":"first","tags":{"a":"b"}}"""), JsonNode.Parse(server.Requests.Last().Body)));
    }

    [Theory]
    [InlineData("zstd", """{"kind":"Standby","tags":{},"compression":{"enabled":true,"algorithm":"zstd"}}""")]
    [InlineData("lz4:9", """{"kind":"Standby","tags":{},"compression":{"enabled":true,"algorithm":"lz4","level":9}}""")]
    [InlineData("none", """{"kind":"Standby","tags":{},"compression":{"enabled":false}}""")]
    public async Task The_compression_of_a_snapshot_can_be_asked_for(string compression, string body)
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web", (200, Instance));
        server.On("POST /instances/id1/snapshots", (201, Taken));

        await CliRun.Async(server, "snapshot", "create", "web", "--compress", compression);

        Assert.True(JsonNode.DeepEquals(JsonNode.Parse(body), JsonNode.Parse(server.Requests.Last().Body)), server.Requests.Last().Body);
    }

    [Theory]
    [InlineData("gzip")]
    [InlineData("zstd:fast")]
    [InlineData("")]
    public async Task A_compression_that_there_is_not_is_wrong_usage(string compression)
    {
        await using var server = await ScriptedServer.StartAsync();

        var run = await CliRun.Async(server, "standby", "web", "--compress", compression);

        Assert.Equal(2, run.ExitCode);
        Assert.Contains($"'{compression}' is no compression; write zstd, lz4, zstd:3 or none.", run.Error, StringComparison.Ordinal);
        Assert.Empty(server.Requests);
    }

    [Fact]
    public async Task What_a_standby_saves_is_compressed_when_and_how_it_is_asked_for()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances/web/standby", (200, Instance));

        await CliRun.Async(server, "standby", "web", "--compress", "zstd:3", "--compress-after", "5m");

        Assert.Equal(
            """{"compression":{"enabled":true,"algorithm":"zstd","level":3},"compression_delay":"5m"}""", server.Requests.Single().Body);
    }

    [Fact]
    public async Task A_schedule_is_set_shown_and_ended()
    {
        const string schedule = """{"instance_id":"id1","interval":"24h0m0s","retention":{"max_count":7},"next_run_at":"2026-03-10T02:00:00Z"}""";
        await using var server = await ScriptedServer.StartAsync();
        server.On("PUT /instances/web/snapshot-schedule", (200, schedule));
        server.On("GET /instances/web/snapshot-schedule", (200, schedule));
        server.On("DELETE /instances/web/snapshot-schedule", (204, ""));

        await CliRun.Async(server, "snapshot", "schedule", "set", "web", "--every", "24h", "--keep", "7", "--prefix", "nightly");
        var shown = await CliRun.Async(server, "snapshot", "schedule", "get", "web");
        var ended = await CliRun.Async(server, "snapshot", "schedule", "rm", "web");

        Assert.Equal("""{"interval":"24h","retention":{"max_count":7},"name_prefix":"nightly"}""", server.Requests.First().Body);
        Assert.Contains("2026-03-10 02:00:00Z", shown.Out, StringComparison.Ordinal);
        Assert.Equal(0, ended.ExitCode);
    }

    [Fact]
    public async Task A_list_is_one_line_each()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/web", (200, Instance));
        server.On("GET /snapshots", (200, $"[{Taken}]"));

        var run = await CliRun.Async(server, "snapshot", "ls", "--instance", "web");

        Assert.Equal(["s1", "first", "web", "Standby", "2.0", "MB"], run.Out.Split('\n')[1].Split(' ', StringSplitOptions.RemoveEmptyEntries));
        Assert.Equal("GET /snapshots?source_instance_id=id1", server.Requests.Last().ToString());
    }

    [Fact]
    public async Task Snapshots_of_an_instance_that_is_gone_are_listed_by_its_id()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /instances/id1", (404, """{"code":"not_found","message":"resource not found"}"""));
        server.On("GET /snapshots", (200, $"[{Taken}]"));

        Assert.Equal(0, (await CliRun.Async(server, "snapshot", "list", "--instance", "id1")).ExitCode);
        Assert.Equal("GET /snapshots?source_instance_id=id1", server.Requests.Last().ToString());
    }

    [Fact]
    public async Task The_instance_of_a_snapshot_goes_back_to_it()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("GET /snapshots/s1", (200, Taken));
        server.On("POST /instances/id1/snapshots/s1/restore", (200, Instance));

        var run = await CliRun.Async(server, "snapshot", "restore", "s1", "--state", "Stopped");

        Assert.Equal($"web{Environment.NewLine}", run.Out);
        Assert.Equal("""{"target_state":"Stopped"}""", server.Requests.Last().Body);
    }

    [Fact]
    public async Task Forks_name_what_they_make()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /snapshots/s1/fork", (201, Instance.Replace("web", "copy", StringComparison.Ordinal)));
        server.On("POST /instances/web/fork", (201, Instance.Replace("web", "copy", StringComparison.Ordinal)));

        Assert.Equal($"copy{Environment.NewLine}", (await CliRun.Async(server, "snapshot", "fork", "s1", "copy")).Out);
        Assert.Equal("""{"name":"copy"}""", server.Requests.Last().Body);
        Assert.Equal($"copy{Environment.NewLine}", (await CliRun.Async(server, "fork", "web", "copy", "--from-running", "--state", "Standby")).Out);
        Assert.True(JsonNode.DeepEquals(
            JsonNode.Parse("""{"name":"copy","from_running":true,"target_state":"Standby"}"""), JsonNode.Parse(server.Requests.Last().Body)));
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_with_the_words_of_the_server()
    {
        await using var server = await ScriptedServer.StartAsync();
        server.On("POST /instances/web/fork", (409, """{"code":"invalid_state","message":"cannot fork a running instance unless from_running is true"}"""));
        server.On("DELETE /snapshots/s1", (404, """{"code":"not_found","message":"snapshot not found"}"""));

        var fork = await CliRun.Async(server, "fork", "web", "copy");

        Assert.Equal(1, fork.ExitCode);
        Assert.Contains("from_running", fork.Error);
        Assert.Equal(4, (await CliRun.Async(server, "snapshot", "rm", "s1")).ExitCode);
    }
}

using System.Net;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Gateway.Instances;

public sealed class InstanceTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task An_instance_is_found_by_id_name_and_prefix()
    {
        var name = NewName();
        var id = await CreateAsync(name);
        foreach (var word in (string[])[id, name, id[..12]])
            Assert.Equal(id, (await GetAsync($"/instances/{word}")).GetProperty("id").GetString());
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        AssertError(await GetAsync("/instances/nobody", HttpStatusCode.NotFound), "not_found", "resource not found");
        AssertError(await PostAsync("/instances/nobody/start", "", HttpStatusCode.NotFound), "not_found", "resource");
        AssertError(await PostAsync("/instances/nobody/stop", "", HttpStatusCode.NotFound), "not_found", "resource");
        AssertError(await PostAsync("/instances/nobody/move", "", HttpStatusCode.NotFound), "not_found", "resource");
        AssertError(await GetAsync("/instances/nobody/wait?state=Running", HttpStatusCode.NotFound), "not_found", "resource");
        AssertError(await GetAsync("/instances/nobody/stat?path=/", HttpStatusCode.NotFound), "not_found", "resource");
        AssertError(await GetAsync("/instances/nobody/stats", HttpStatusCode.NotFound), "not_found", "resource");
        AssertError(await GetAsync("/instances/nobody/logs", HttpStatusCode.NotFound), "not_found", "resource");
        await DeleteAsync("/instances/nobody", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task An_ambiguous_prefix_is_refused_and_not_to_be_repeated()
    {
        // 27 instances have two ids that begin alike.
        var letters = new HashSet<char>();
        string id;
        do
            id = await CreateAsync();
        while (letters.Add(id[0]));

        using var response = await Api.Client.GetAsync($"/instances/{id[0]}");
        AssertError(await ReadAsync(response, HttpStatusCode.Conflict), "ambiguous", "multiple resources match, use full ID");
        Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
    }

    [Theory]
    [InlineData("{}", HttpStatusCode.Conflict, "insufficient_resources", "no other node that takes instances now can take it")]
    [InlineData("", HttpStatusCode.Conflict, "insufficient_resources", "no other node")]
    [InlineData("""{"node": "nowhere"}""", HttpStatusCode.BadRequest, "invalid_request", "node: there is no node 'nowhere'")]
    [InlineData("""{"node": ""}""", HttpStatusCode.BadRequest, "Bad Request", "node: must be the id or host name of a node")]
    [InlineData("""{"running": "leave"}""", HttpStatusCode.BadRequest, "Bad Request", "running: must be one of suspend, restart, but is")]
    public async Task A_move_that_cannot_be_is_refused_and_nothing_is_done(string body, HttpStatusCode status, string code, string message)
    {
        var id = await CreateAsync();
        AssertError(await PostAsync($"/instances/{id}/move", body, status), code, message);
        Assert.Equal("Running", (await GetAsync($"/instances/{id}")).GetProperty("state").GetString());
    }

    [Fact]
    public async Task Lists_are_filtered_by_state_and_tags()
    {
        var team = NewName();
        var running = await CreateAsync(more: $$$""", "tags": {"team": "{{{team}}}", "role": "a"}""");
        var stopped = await CreateAsync(more: $$$""", "tags": {"team": "{{{team}}}", "role": "b"}""");
        await PostAsync($"/instances/{stopped}/stop", "", HttpStatusCode.OK);

        Assert.Equal([stopped, running], await IdsAsync($"tags[team]={team}"));
        Assert.Equal([running], await IdsAsync($"tags[team]={team}&tags[role]=a"));
        Assert.Equal([stopped], await IdsAsync($"tags%5Bteam%5D={team}&state=Stopped"));
        Assert.Empty(await IdsAsync($"tags[team]={team}&tags[role]=c"));
    }

    [Theory]
    [InlineData("state=Sleeping", "state: must be one of")]
    [InlineData("tags=x", "tags: must be written as")]
    [InlineData("tags[%7B]=x", "tags.{: ")]
    public async Task Bad_filters_are_refused(string query, string message) =>
        AssertError(await GetAsync($"/instances?{query}", HttpStatusCode.BadRequest), "Bad Request", message);

    [Fact]
    public async Task What_an_instance_takes_is_told_and_is_nothing_when_it_does_not_run()
    {
        var id = await CreateAsync(more: ", \"size\": \"256MB\", \"vcpus\": 3");
        var running = await GetAsync($"/instances/{id}/stats");
        await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        var stopped = await GetAsync($"/instances/{id}/stats");

        Assert.Equal((id, 3, 256L << 20), (
            running.GetProperty("instance_id").GetString(), running.GetProperty("allocated_vcpus").GetInt32(),
            running.GetProperty("allocated_memory_bytes").GetInt64()));
        Assert.Equal((1.0, 1000, 500, 0.25), (
            running.GetProperty("cpu_seconds").GetDouble(), running.GetProperty("network_rx_bytes").GetInt64(),
            running.GetProperty("network_tx_bytes").GetInt64(), running.GetProperty("memory_utilization_ratio").GetDouble()));
        foreach (var field in (string[])["cpu_seconds", "memory_rss_bytes", "memory_vms_bytes", "network_rx_bytes", "network_tx_bytes"])
            Assert.Equal(0, stopped.GetProperty(field).GetDouble());
        Assert.Equal(3, stopped.GetProperty("allocated_vcpus").GetInt32());
    }

    [Fact]
    public async Task Stop_and_start_answer_with_the_outcome()
    {
        var id = await CreateAsync();

        var stopped = await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        Assert.Equal("Stopped", stopped.GetProperty("state").GetString());
        Assert.Equal(143, stopped.GetProperty("exit_code").GetInt32());
        Assert.False(string.IsNullOrEmpty(stopped.GetProperty("stopped_at").GetString()));

        var started = await PostAsync($"/instances/{id}/start", """{"cmd": ["true"]}""", HttpStatusCode.OK);
        Assert.Contains(started.GetProperty("state").GetString(), (string[])["Initializing", "Running"]);
        Assert.True(started.GetProperty("phase_durations_ms").TryGetProperty("stopped", out _));
    }

    [Fact]
    public async Task Standby_and_restore_answer_with_the_outcome()
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/wait?state=Running");

        var asleep = await PostAsync($"/instances/{id}/standby", "", HttpStatusCode.OK);
        Assert.Equal(("Standby", true), (asleep.GetProperty("state").GetString(), asleep.GetProperty("has_snapshot").GetBoolean()));
        AssertError(await PostAsync($"/instances/{id}/standby", "", HttpStatusCode.Conflict), "invalid_state", "must be Running");

        var awake = await PostAsync($"/instances/{id}/restore", "", HttpStatusCode.OK);
        Assert.Equal(("Running", false), (awake.GetProperty("state").GetString(), awake.GetProperty("has_snapshot").GetBoolean()));
        AssertError(await PostAsync($"/instances/{id}/restore", "", HttpStatusCode.Conflict), "invalid_state", "must be Standby");
    }

    [Fact]
    public async Task A_fork_answers_with_the_copy_when_it_is_what_it_was_to_become()
    {
        var (id, name) = (await CreateAsync(), NewName());
        await GetAsync($"/instances/{id}/wait?state=Running");
        AssertError(
            await PostAsync($"/instances/{id}/fork", $$"""{"name": "{{name}}"}""", HttpStatusCode.Conflict), "invalid_state", "from_running");

        var copy = await PostAsync($"/instances/{id}/fork", $$"""{"name": "{{name}}", "from_running": true}""", HttpStatusCode.Created);

        Assert.Equal((name, "Running"), (copy.GetProperty("name").GetString(), copy.GetProperty("state").GetString()));
        Assert.NotEqual(id, copy.GetProperty("id").GetString());
        AssertError(
            await PostAsync($"/instances/{id}/fork", $$"""{"name": "{{name}}", "from_running": true}""", HttpStatusCode.Conflict),
            "name_conflict", "exists already");
    }

    [Theory]
    [InlineData("{}", "name: is required")]
    [InlineData("""{"name": "Not-Lower"}""", "name: must be")]
    [InlineData("""{"name": "copy", "target_state": "Paused"}""", "target_state: must be one of Stopped, Standby, Running")]
    [InlineData("""{"name": "copy", "from_running": "yes"}""", "from_running: must be true or false")]
    public async Task A_bad_wish_for_a_fork_is_refused_by_name(string body, string message) =>
        AssertError(await PostAsync("/instances/any/fork", body, HttpStatusCode.BadRequest), "Bad Request", message);

    [Fact]
    public async Task A_fork_that_fails_tells_why_and_leaves_nothing()
    {
        var (id, name) = (await CreateAsync(), NewName());
        await GetAsync($"/instances/{id}/wait?state=Running");
        Api.Node.Faults.FailOnce(NodeStep.ForkBegins, NodeRuntime.Errors.NodeErrorKind.InsufficientResources);

        AssertError(
            await PostAsync($"/instances/{id}/fork", $$"""{"name": "{{name}}", "from_running": true}""", HttpStatusCode.Conflict),
            "insufficient_resources", "ForkBegins");

        await GetAsync($"/instances/{name}", HttpStatusCode.NotFound);
    }

    [Fact]
    public async Task A_standby_that_fails_and_a_restore_that_fails_tell_why()
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/wait?state=Running");
        Api.Node.Faults.FailOnce(NodeStep.StandbyBegins, NodeRuntime.Errors.NodeErrorKind.NotSupported);
        AssertError(await PostAsync($"/instances/{id}/standby", "", HttpStatusCode.NotImplemented), "not_supported", "StandbyBegins");

        await PostAsync($"/instances/{id}/standby", "", HttpStatusCode.OK);
        Api.Node.Faults.FailOnce(NodeStep.RestoreBegins, NodeRuntime.Errors.NodeErrorKind.InsufficientResources);
        AssertError(await PostAsync($"/instances/{id}/restore", "", HttpStatusCode.Conflict), "insufficient_resources", "RestoreBegins");
        Assert.Equal("Standby", (await GetAsync($"/instances/{id}")).GetProperty("state").GetString());
    }

    [Theory]
    [InlineData("{}", null)]
    [InlineData("""{"compression": {"enabled": false}}""", null)]
    [InlineData("""{"compression": {"enabled": true, "level": 3}}""", "Zstd 3 00:00:00")]
    [InlineData("""{"compression": {"enabled": true, "algorithm": "lz4"}, "compression_delay": "30s"}""", "Lz4 0 00:00:30")]
    public async Task What_a_standby_saves_is_compressed_as_it_is_wished(string body, string? expected)
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/wait?state=Running");

        await PostAsync($"/instances/{id}/standby", body, HttpStatusCode.OK);

        var wish = Api.Node.Vms.Compressed.GetValueOrDefault(id);
        Assert.Equal(expected, wish is null ? null : $"{wish.Algorithm} {wish.Level} {wish.Delay}");
    }

    [Theory]
    [InlineData("""{"compression": {"enabled": true, "algorithm": "gzip"}}""", "invalid_snapshot_compression", "compression.algorithm: must be zstd or lz4")]
    [InlineData("""{"compression": {"enabled": true, "level": 0}}""", "invalid_snapshot_compression", "compression.level: must be from 1 to 19")]
    [InlineData("""{"compression": {"level": 1}}""", "Bad Request", "compression.enabled: is required")]
    [InlineData("""{"compression_delay": "later"}""", "invalid_compression_delay", "compression_delay: ")]
    public async Task A_bad_wish_for_compression_is_refused_by_name(string body, string code, string message) =>
        AssertError(await PostAsync("/instances/any/standby", body, HttpStatusCode.BadRequest), code, message);

    [Fact]
    public async Task A_command_in_the_wrong_state_is_a_conflict_and_not_to_be_repeated()
    {
        var id = await CreateAsync();
        using (var response = await PostAsync($"/instances/{id}/start", ""))
        {
            AssertError(await ReadAsync(response, HttpStatusCode.Conflict), "invalid_state", "cannot start");
            Assert.Equal("false", response.Headers.GetValues("x-should-retry").Single());
        }

        await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        AssertError(await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.Conflict), "invalid_state", "cannot stop");
    }

    [Fact]
    public async Task A_start_that_fails_tells_why()
    {
        var id = await CreateAsync();
        await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        Api.Node.Faults.FailOnce(NodeStep.StartBegins, NodeRuntime.Errors.NodeErrorKind.DependencyMissing);

        AssertError(
            await PostAsync($"/instances/{id}/start", "", HttpStatusCode.InternalServerError), "dependency_missing", "StartBegins");
        var left = await GetAsync($"/instances/{id}");
        Assert.Equal("Stopped", left.GetProperty("state").GetString());
        Assert.Contains("StartBegins", left.GetProperty("state_error").GetString(), StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"cmd": "true"}""", "cmd: must be a list of strings")]
    [InlineData("""{"env": {}}""", "env: is not a known field")]
    public async Task Bad_bodies_of_a_start_are_refused(string body, string message) =>
        AssertError(await PostAsync("/instances/x/start", body, HttpStatusCode.BadRequest), "Bad Request", message);

    [Fact]
    public async Task A_deleted_instance_is_gone_when_the_call_returns()
    {
        var name = NewName();
        var id = await CreateAsync(name);
        await DeleteAsync($"/instances/{name}?graceful_shutdown=false");
        await GetAsync($"/instances/{id}", HttpStatusCode.NotFound);
        Assert.Null(Api.Node.Vms.Find(id));
        await CreateAsync(name);
    }

    [Fact]
    public async Task A_bad_query_of_a_delete_is_refused() =>
        await DeleteAsync("/instances/x?graceful_shutdown=maybe", HttpStatusCode.BadRequest);

    [Fact]
    public async Task Stat_tells_all_fields_also_of_what_is_not_there()
    {
        var id = await RunningAsync();
        Assert.Equal(
            """{"exists":true,"is_dir":true,"is_file":false,"is_symlink":false,"link_target":null,"mode":493,"size":0}""",
            (await GetAsync($"/instances/{id}/stat?path=/&follow_links=true")).GetRawText());
        Assert.False((await GetAsync($"/instances/{id}/stat?path=/nowhere")).GetProperty("exists").GetBoolean());
    }

    [Fact]
    public async Task Stat_needs_a_path_and_a_running_instance()
    {
        var id = await RunningAsync();
        AssertError(await GetAsync($"/instances/{id}/stat", HttpStatusCode.BadRequest), "Bad Request", "path: is required");
        await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        AssertError(await GetAsync($"/instances/{id}/stat?path=/", HttpStatusCode.Conflict), "invalid_state", "must be running");
    }

    private async Task<string> RunningAsync()
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/wait?state=Running&timeout=30s");
        return id;
    }

    private async Task<IReadOnlyList<string>> IdsAsync(string query) =>
        [.. (await GetAsync($"/instances?{query}")).EnumerateArray().Select(one => one.GetProperty("id").GetString()!)];
}

using System.Net;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Gateway.Snapshots;

public sealed class SnapshotTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task A_snapshot_is_answered_when_it_is_whole_and_found_by_its_id()
    {
        var (id, name) = await RunningAsync();

        var taken = await PostAsync($"/instances/{name}/snapshots", """{"kind": "Standby", "name": "first", "tags": {"a": "b"}}""", HttpStatusCode.Created);

        Assert.Equal(
            ("first", "Standby", id, name),
            (Text(taken, "name"), Text(taken, "kind"), Text(taken, "source_instance_id"), Text(taken, "source_instance_name")));
        Assert.Equal(("qemu", "none", "b"), (Text(taken, "source_hypervisor"), Text(taken, "compression_state"), Text(taken.GetProperty("tags"), "a")));
        Assert.True(taken.GetProperty("size_bytes").GetInt64() > 0);
        var found = await GetAsync($"/snapshots/{Text(taken, "id")}");
        Assert.Equal(taken.GetRawText(), found.GetRawText());
        Assert.Equal("Running", Text(await GetAsync($"/instances/{id}"), "state"));
    }

    [Fact]
    public async Task Lists_are_filtered()
    {
        var (one, _) = await RunningAsync();
        var (other, _) = await RunningAsync();
        var team = NewName();
        var first = await TakeAsync(one, $$$"""{"kind": "Standby", "name": "first", "tags": {"team": "{{{team}}}"}}""");
        var second = await TakeAsync(one, """{"kind": "Standby"}""");
        await PostAsync($"/instances/{other}/stop", "", HttpStatusCode.OK);
        var third = await TakeAsync(other, $$$"""{"kind": "Stopped", "name": "first", "tags": {"team": "{{{team}}}"}}""");

        Assert.Equal([second, first], await IdsAsync($"source_instance_id={one}"));
        Assert.Equal([third, first], await IdsAsync($"tags[team]={team}"));
        Assert.Equal([third], await IdsAsync($"tags[team]={team}&kind=Stopped"));
        Assert.Equal([first], await IdsAsync($"source_instance_id={one}&name=first"));
        Assert.Empty(await IdsAsync("source_instance_id=nobody"));
        AssertError(await GetAsync("/snapshots?kind=Half", HttpStatusCode.BadRequest), "Bad Request", "kind: must be one of");
    }

    [Fact]
    public async Task A_deleted_snapshot_is_not_found()
    {
        var (id, _) = await RunningAsync();
        var snapshot = await TakeAsync(id, """{"kind": "Standby"}""");

        await DeleteAsync($"/snapshots/{snapshot}", HttpStatusCode.NoContent);

        AssertError(await GetAsync($"/snapshots/{snapshot}", HttpStatusCode.NotFound), "not_found", "snapshot not found");
        await DeleteAsync($"/snapshots/{snapshot}", HttpStatusCode.NotFound);
        AssertError(await PostAsync($"/snapshots/{snapshot}/fork", """{"name": "x"}""", HttpStatusCode.NotFound), "not_found", "snapshot");
        AssertError(await PostAsync($"/instances/{id}/snapshots/{snapshot}/restore", "", HttpStatusCode.NotFound), "not_found", "snapshot");
        AssertError(await PostAsync("/instances/nobody/snapshots", """{"kind": "Standby"}""", HttpStatusCode.NotFound), "not_found", "resource");
    }

    [Theory]
    [InlineData("{}", "kind: is required")]
    [InlineData("""{"kind": "Half"}""", "kind: must be one of")]
    [InlineData("""{"kind": "Standby", "name": "Not-Lower"}""", "name: must be")]
    [InlineData("""{"kind": "Standby", "size": 1}""", "size: ")]
    public async Task A_bad_wish_is_refused_by_name(string body, string message) =>
        AssertError(await PostAsync("/instances/any/snapshots", body, HttpStatusCode.BadRequest), "Bad Request", message);

    [Fact]
    public async Task The_compression_of_a_snapshot_is_told()
    {
        var (id, _) = await RunningAsync();

        var taken = await PostAsync(
            $"/instances/{id}/snapshots", """{"kind": "Standby", "compression": {"enabled": true, "algorithm": "lz4"}}""", HttpStatusCode.Created);

        Assert.Equal("""{"enabled":true,"algorithm":"lz4","level":0}""", taken.GetProperty("compression").GetRawText());
        Assert.Equal("compressed", Text(taken, "compression_state"));
        Assert.Equal((1, 2), (taken.GetProperty("compressed_size_bytes").GetInt64(), taken.GetProperty("uncompressed_size_bytes").GetInt64()));
    }

    [Theory]
    [InlineData("""{"kind": "Stopped", "compression": {"enabled": true}}""", "compression: is for memory")]
    [InlineData("""{"kind": "Standby", "compression": {"enabled": true, "level": 20}}""", "compression.level: must be from 1 to 19")]
    public async Task A_bad_wish_for_compression_is_refused_by_name(string body, string message) =>
        AssertError(await PostAsync("/instances/any/snapshots", body, HttpStatusCode.BadRequest), "invalid_snapshot_compression", message);

    [Fact]
    public async Task What_cannot_be_taken_tells_why_and_is_not_listed()
    {
        var (id, _) = await RunningAsync();
        AssertError(await PostAsync($"/instances/{id}/snapshots", """{"kind": "Stopped"}""", HttpStatusCode.Conflict), "conflict", "must be Stopped");
        Api.Node.Faults.FailOnce(NodeStep.SnapshotBegins, NodeErrorKind.InsufficientResources);

        AssertError(
            await PostAsync($"/instances/{id}/snapshots", """{"kind": "Standby"}""", HttpStatusCode.Conflict), "insufficient_resources", "SnapshotBegins");
        Assert.Empty(await IdsAsync($"source_instance_id={id}"));
    }

    [Fact]
    public async Task An_instance_goes_back_to_its_snapshot()
    {
        var (id, _) = await RunningAsync();
        var snapshot = await TakeAsync(id, """{"kind": "Standby"}""");
        var restore = $"/instances/{id}/snapshots/{snapshot}/restore";
        AssertError(await PostAsync(restore, "", HttpStatusCode.Conflict), "invalid_state", "must be Stopped or Standby");
        await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        AssertError(
            await PostAsync(restore, """{"target_hypervisor": "qemu-microvm"}""", HttpStatusCode.BadRequest), "invalid_request", "target_hypervisor");
        AssertError(await PostAsync(restore, """{"target_state": "Half"}""", HttpStatusCode.BadRequest), "Bad Request", "target_state");

        Assert.Equal("Standby", Text(await PostAsync(restore, """{"target_state": "Standby"}""", HttpStatusCode.OK), "state"));
        Assert.Equal("Running", Text(await PostAsync(restore, "", HttpStatusCode.OK), "state"));
    }

    [Fact]
    public async Task An_instance_is_made_from_a_snapshot()
    {
        var (id, name) = await RunningAsync();
        var snapshot = await TakeAsync(id, """{"kind": "Standby"}""");
        var copy = NewName();

        var made = await PostAsync($"/snapshots/{snapshot}/fork", $$"""{"name": "{{copy}}"}""", HttpStatusCode.Created);

        Assert.Equal((copy, "Running"), (Text(made, "name"), Text(made, "state")));
        AssertError(
            await PostAsync($"/snapshots/{snapshot}/fork", $$"""{"name": "{{name}}"}""", HttpStatusCode.Conflict), "conflict", "exists already");
    }

    private async Task<(string Id, string Name)> RunningAsync()
    {
        var name = NewName();
        var id = await CreateAsync(name);
        await GetAsync($"/instances/{id}/wait?state=Running");
        return (id, name);
    }

    private async Task<string> TakeAsync(string instance, string body) =>
        Text(await PostAsync($"/instances/{instance}/snapshots", body, HttpStatusCode.Created), "id");

    private async Task<IReadOnlyList<string>> IdsAsync(string query) =>
        [.. (await GetAsync($"/snapshots?{query}")).EnumerateArray().Select(snapshot => Text(snapshot, "id"))];

    private static string Text(System.Text.Json.JsonElement element, string name) => element.GetProperty(name).GetString()!;
}

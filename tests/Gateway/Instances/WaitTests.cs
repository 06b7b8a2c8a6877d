using System.Net;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Instances;

public sealed class WaitTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task A_wait_ends_in_the_state()
    {
        var id = await CreateAsync();
        var waited = await GetAsync($"/instances/{id}/wait?state=Running");
        Assert.Equal("""{"state":"Running","state_error":null,"timed_out":false}""", waited.GetRawText());
    }

    [Fact]
    public async Task A_wait_ends_when_the_state_comes()
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/wait?state=Running");
        var waiting = GetAsync($"/instances/{id}/wait?state=Stopped&timeout=30s");
        Api.Node.Vms.Exit(id, 0);
        Assert.Equal("Stopped", (await waiting).GetProperty("state").GetString());
    }

    [Fact]
    public async Task A_wait_ends_with_its_time()
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/wait?state=Running");
        var waited = await GetAsync($"/instances/{id}/wait?state=Stopped&timeout=100ms");
        Assert.Equal("""{"state":"Running","state_error":null,"timed_out":true}""", waited.GetRawText());
    }

    [Fact]
    public async Task A_wait_ends_early_when_the_state_cannot_come_by_itself()
    {
        var id = await CreateAsync();
        await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        var waited = await GetAsync($"/instances/{id}/wait?state=Running&timeout=5m");
        Assert.Equal("""{"state":"Stopped","state_error":null,"timed_out":false}""", waited.GetRawText());
    }

    [Fact]
    public async Task A_wait_for_what_is_deleted_meanwhile_is_not_found()
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/wait?state=Running");
        var waiting = GetAsync($"/instances/{id}/wait?state=Paused&timeout=30s", HttpStatusCode.NotFound);
        await DeleteAsync($"/instances/{id}");
        AssertError(await waiting, "not_found", "resource not found");
    }

    [Theory]
    [InlineData("", "Bad Request", "state: is required")]
    [InlineData("state=", "Bad Request", "state: is required")]
    [InlineData("state=Unknown", "invalid_state", "state: must be one of")]
    [InlineData("state=running", "invalid_state", "state: must be one of")]
    [InlineData("state=Running&timeout=0s", "invalid_timeout", "timeout: must be more than zero")]
    [InlineData("state=Running&timeout=-1s", "invalid_timeout", "timeout: must be more than zero")]
    [InlineData("state=Running&timeout=60", "invalid_timeout", "timeout: ")]
    public async Task Bad_waits_are_refused(string query, string code, string message) =>
        AssertError(await GetAsync($"/instances/nobody/wait?{query}", HttpStatusCode.BadRequest), code, message);
}

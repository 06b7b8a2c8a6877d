using System.Net;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Streams;

public sealed class LogTests(ApiHost api) : ApiTests(api)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Fact]
    public async Task The_last_lines_come_as_events_and_the_stream_ends()
    {
        var id = await CreateAsync();
        foreach (var line in (string[])["one", "two \"quoted\"", "three\t\u00e9"])
            Api.Node.Vms.Log(id, VmLog.Console).Append(line);

        using var response = await Api.Client.GetAsync($"/instances/{id}/logs?tail=2");
        Assert.Equal("text/event-stream", response.Content.Headers.ContentType!.ToString());
        Assert.Equal("no-cache", response.Headers.CacheControl!.ToString());
        Assert.Equal("no", response.Headers.GetValues("X-Accel-Buffering").Single());
        var events = (await response.Content.ReadAsStringAsync()).Split("\n\n", StringSplitOptions.RemoveEmptyEntries);
        Assert.Equal(
            ["two \"quoted\"", "three\t\u00e9"],
            events.Select(data => System.Text.Json.JsonSerializer.Deserialize<string>(data["data: ".Length..])));
    }

    [Fact]
    public async Task Sources_are_told_apart()
    {
        var id = await CreateAsync();
        Api.Node.Vms.Log(id, VmLog.Console).Append("from the guest");
        Api.Node.Vms.Log(id, VmLog.Operations).Append("from the node");
        Assert.Equal("data: \"from the node\"\n\n", await Api.Client.GetStringAsync($"/instances/{id}/logs?source=hypeman"));
        Assert.Contains("from the guest", await Api.Client.GetStringAsync($"/instances/{id}/logs"), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Following_goes_on_with_new_lines_until_the_reader_goes()
    {
        var id = await CreateAsync();
        Api.Node.Vms.Log(id, VmLog.Console).Append("old");
        using var response = await Api.Client.GetAsync(
            $"/instances/{id}/logs?follow=true", HttpCompletionOption.ResponseHeadersRead);
        using var lines = new StreamReader(await response.Content.ReadAsStreamAsync());
        Assert.Equal("data: \"old\"", await lines.ReadLineAsync().WaitAsync(Patience));
        Assert.Equal("", await lines.ReadLineAsync().WaitAsync(Patience));

        Api.Node.Vms.Log(id, VmLog.Console).Append("new");
        Assert.Equal("data: \"new\"", await lines.ReadLineAsync().WaitAsync(Patience));
    }

    [Fact]
    public async Task A_quiet_log_answers_all_the_same()
    {
        var id = await CreateAsync();
        Api.Node.Vms.Log(id, VmLog.Console);
        using var response = await Api.Client
            .GetAsync($"/instances/{id}/logs?follow=true", HttpCompletionOption.ResponseHeadersRead).WaitAsync(Patience);
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    [Fact]
    public async Task A_log_that_does_not_exist_is_not_found()
    {
        var id = await CreateAsync();
        await GetAsync($"/instances/{id}/logs?source=vmm", HttpStatusCode.NotFound);
    }

    [Theory]
    [InlineData("tail=-1", "tail: must be a whole number from 0")]
    [InlineData("tail=x", "tail: must be a whole number from 0")]
    [InlineData("follow=1", "follow: must be true or false")]
    [InlineData("source=kernel", "source: must be one of app, vmm, hypeman")]
    public async Task Bad_queries_are_refused(string query, string message) =>
        AssertError(await GetAsync($"/instances/nobody/logs?{query}", HttpStatusCode.BadRequest), "Bad Request", message);
}

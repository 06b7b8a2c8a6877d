using System.Net;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Gateway.Nodes;

/// <summary>Drains through the API, of a node that is the only one.</summary>
public sealed class DrainTests(ApiHost api) : ApiTests(api)
{
    private const string Path = "/nodes/node-0/drain";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_plan_names_all_there_is_and_why_it_stays_and_changes_nothing()
    {
        var made = await PostAsync("/instances", $$"""{"name": "{{NewName()}}", "image": "{{ApiHost.Image}}"}""", HttpStatusCode.Created);

        var plan = await PostAsync(Path, """{"plan": true, "running": "restart"}""", HttpStatusCode.OK);

        Assert.Empty(plan.GetProperty("moves").EnumerateArray());
        var left = plan.GetProperty("left").EnumerateArray().ToList();
        var instance = Assert.Single(left, one => one.GetProperty("id").GetString() == made.GetProperty("id").GetString());
        Assert.Equal(("instance", made.GetProperty("name").GetString()), (instance.GetProperty("kind").GetString(), instance.GetProperty("name").GetString()));
        Assert.Contains("no node takes instances now", instance.GetProperty("reason").GetString(), StringComparison.Ordinal);
        Assert.Contains(left, one => one.GetProperty("kind").GetString() == "image");
        Assert.Equal("ready", (await GetAsync("/nodes/node-0")).GetProperty("state").GetString());
        Assert.False((await GetAsync("/nodes/node-0")).TryGetProperty("drain", out _));
    }

    [Fact]
    public async Task A_drain_is_shown_until_the_node_takes_instances_again()
    {
        var begun = await PostAsync(Path, "", HttpStatusCode.Accepted);
        try
        {
            Assert.Equal(("draining", "leave"), (begun.GetProperty("state").GetString(), begun.GetProperty("running").GetString()));
            AssertError(
                await PostAsync("/nodes/node-0/uncordon", "", HttpStatusCode.Conflict), "invalid_state",
                "node node-0 is being drained: cancel that first, and let it come to its end");
            Assert.Contains((await CancelAsync(HttpStatusCode.Accepted)).GetProperty("state").GetString(), (string[])["cancelling", "cancelled"]);

            await Until.True(async () => await DrainStateAsync() == "cancelled", Patience, "the drain has ended");
            AssertError(await CancelAsync(HttpStatusCode.Conflict), "invalid_state", "node node-0 is not being drained");
            Assert.Equal("cordoned", (await GetAsync("/nodes/node-0")).GetProperty("state").GetString());
        }
        finally
        {
            var again = await PostAsync("/nodes/node-0/uncordon", "", HttpStatusCode.OK);
            Assert.False(again.TryGetProperty("drain", out _));
        }
        await Until.True(
            async () => (await GetAsync("/nodes/node-0")).GetProperty("state").GetString() == "ready", Patience, "the node is ready");
    }

    [Theory]
    [InlineData("""{"running": "stop"}""", "running: must be one of leave, restart, suspend, but is \"stop\"")]
    [InlineData("""{"running": true}""", "running: must be a string, but is true")]
    [InlineData("""{"plan": "yes"}""", "plan: must be true or false, but is a string")]
    [InlineData("""{"force": true}""", "force: is not a known field")]
    public async Task A_body_that_means_nothing_is_refused_by_its_field(string body, string message)
    {
        var refused = await PostAsync(Path, body, HttpStatusCode.BadRequest);

        Assert.Contains(message, refused.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_does_not_exist_is_not_found() =>
        AssertError(await PostAsync("/nodes/none/drain", "{}", HttpStatusCode.NotFound), "not_found", "there is no node 'none'");

    private async Task<string?> DrainStateAsync() =>
        (await GetAsync("/nodes/node-0")).TryGetProperty("drain", out var drain) ? drain.GetProperty("state").GetString() : null;

    private async Task<JsonElement> CancelAsync(HttpStatusCode status)
    {
        using var answer = await Api.Client.DeleteAsync(Path, TestContext.Current.CancellationToken);
        Assert.Equal(status, answer.StatusCode);
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken));
        return body.RootElement.Clone();
    }
}

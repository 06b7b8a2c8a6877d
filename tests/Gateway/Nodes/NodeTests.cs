using System.Net;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Gateway.Nodes;

public sealed class NodeTests(ApiHost api) : ApiTests(api)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_node_is_listed_and_found()
    {
        var node = (await GetAsync("/nodes")).EnumerateArray().Single();

        Assert.Equal("node-0", node.GetProperty("id").GetString());
        Assert.Equal(4, node.GetProperty("capacity").GetProperty("cpus").GetInt32());
        Assert.True(node.GetProperty("free").GetProperty("memory_bytes").GetInt64() > 0);
        foreach (var word in (string[])["node-0", "node"])
            Assert.Equal("node-0", (await GetAsync($"/nodes/{word}")).GetProperty("id").GetString());
        Assert.Empty((await GetAsync("/nodes?state=unreachable")).EnumerateArray());
        Assert.Empty((await GetAsync("/nodes?labels[zone]=two")).EnumerateArray());
        AssertError(await GetAsync("/nodes/none", HttpStatusCode.NotFound), "not_found", "there is no node 'none'");
    }

    [Theory]
    [InlineData("/nodes?state=gone", "state: must be one of ready, cordoned, draining, unreachable, removed")]
    [InlineData("/nodes?labels=zone", "labels: must be written as labels[key]=value")]
    public async Task A_filter_that_means_nothing_is_refused(string path, string message) =>
        AssertError(await GetAsync(path, HttpStatusCode.BadRequest), "Bad Request", message);

    [Fact]
    public async Task A_cordoned_node_takes_nothing_new_until_it_is_uncordoned()
    {
        Assert.Equal("cordoned", (await PostAsync("/nodes/node-0/cordon", "", HttpStatusCode.OK)).GetProperty("state").GetString());
        try
        {
            await IsAsync("cordoned");
            var refused = await PostAsync("/instances", Body(NewName(), "{}"), HttpStatusCode.ServiceUnavailable);
            AssertError(refused, "unavailable", "no node takes instances now (1 cordoned)");
        }
        finally
        {
            await PostAsync("/nodes/node-0/uncordon", "", HttpStatusCode.OK);
        }
        await IsAsync("ready");
        await PostAsync("/instances", Body(NewName(), "{}"), HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_reachable_node_cannot_be_removed()
    {
        using var refused = await Api.Client.DeleteAsync("/nodes/node-0", TestContext.Current.CancellationToken);

        Assert.Equal(HttpStatusCode.Conflict, refused.StatusCode);
        Assert.Contains("is reachable", await refused.Content.ReadAsStringAsync(TestContext.Current.CancellationToken), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Where_an_instance_is_wanted_is_shown_with_where_it_is()
    {
        var made = await PostAsync("/instances", Body(NewName(), """{"node": "node-0", "spread_group": "web"}"""), HttpStatusCode.Created);

        Assert.Equal("node-0", made.GetProperty("node").GetString());
        Assert.Equal("""{"node":"node-0","spread_group":"web"}""", made.GetProperty("placement").GetRawText());
    }

    [Theory]
    [InlineData("""{"node": ""}""", "placement.node: must be the id or host name of a node")]
    [InlineData("""{"spread_group": ""}""", "placement.spread_group: must be 1 to 63 characters")]
    [InlineData("""{"zone": "a"}""", "placement.zone")]
    [InlineData("""{"labels": {"zone": 1}}""", "placement.labels.zone")]
    [InlineData("""{"node": "none"}""", "placement.node: there is no node 'none'")]
    [InlineData("""{"labels": {"zone": "a"}}""", "placement.labels: no node that takes instances has zone=a")]
    [InlineData("1", "placement: must be an object")]
    public async Task A_placement_that_means_nothing_is_refused_by_its_field(string placement, string message)
    {
        var refused = await PostAsync("/instances", Body(NewName(), placement), HttpStatusCode.BadRequest);

        Assert.Contains(message, refused.GetProperty("message").GetString(), StringComparison.Ordinal);
    }

    private static string Body(string name, string placement) =>
        $$"""{"name": "{{name}}", "image": "{{ApiHost.Image}}", "placement": {{placement}}}""";

    private Task IsAsync(string state) => Until.True(
        async () => (await GetAsync("/nodes/node-0")).GetProperty("state").GetString() == state, Patience, $"the node is {state}");
}

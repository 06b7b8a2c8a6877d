using System.Net;
using System.Net.Http.Json;
using System.Text.Json;
using Hypeman.Tests.Silo.Server;
using Hypeman.Tests.Storage.Databases;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Silo.Fleet;

/// <summary>What processes with other roles than all of them do.</summary>
public sealed class RolesTests(PostgresServer postgres)
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Every_combination_of_roles_starts_beside_a_control_silo()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        await fleet.StartedAsync("control");

        foreach (var roles in new[] { "node", "gateway", "ingress", "control,gateway", "node,ingress", "gateway,ingress", "node,gateway" })
        {
            var member = await fleet.StartedAsync(roles);
            Assert.Equal(roles.Contains("gateway"), member.Server.ApiAddress is not null);
            Assert.Equal(roles.Contains("ingress"), member.Server.IngressPort > 0);
            await member.StopAsync();
        }
    }

    [Fact]
    public async Task A_gateway_without_a_silo_serves_the_whole_API()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var silo = await fleet.StartedAsync("control,node");
        silo.Node.Images.Publish("docker.io/library/web:latest");
        var gateway = await fleet.StartedAsync("gateway");
        using var client = gateway.Client(null);

        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("health", Cancelled)).StatusCode);
        using var made = await client.PostAsJsonAsync("instances", new { name = "web-1", image = "web" }, Cancelled);
        Assert.True(made.IsSuccessStatusCode, await made.Content.ReadAsStringAsync(Cancelled));
        await Until.True(async () => await StateAsync(client, "web-1") == "Running", TestFleet.Patience, "the instance is Running");
        Assert.Contains("web-1", await client.GetStringAsync("instances", Cancelled), StringComparison.Ordinal);
        Assert.Contains("docker.io/library/web:latest", await client.GetStringAsync("images", Cancelled), StringComparison.Ordinal);
        Assert.Contains("qemu", await client.GetStringAsync("capabilities", Cancelled), StringComparison.Ordinal);
        using var unknown = await client.GetAsync("instances/none", Cancelled);
        Assert.Equal(HttpStatusCode.NotFound, unknown.StatusCode);
        using var stopped = await client.PostAsync("instances/web-1/stop", null, Cancelled);
        Assert.True(stopped.IsSuccessStatusCode, await stopped.Content.ReadAsStringAsync(Cancelled));
        using var deleted = await client.DeleteAsync("instances/web-1", Cancelled);
        Assert.Equal(HttpStatusCode.NoContent, deleted.StatusCode);
    }

    [Fact]
    public async Task A_gateway_waits_for_silos_that_go_and_come_and_says_so_meanwhile()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var port = TestFleet.FreePort();
        var gateway = fleet.Member("gateway", apiPort: port);
        var starting = gateway.StartAsync();
        using var client = gateway.ClientAt(new Uri($"http://127.0.0.1:{port}"), null);

        await Until.True(() => AnswersAsync(client, HttpStatusCode.ServiceUnavailable), TestFleet.Patience, "the gateway says that it waits");
        using (var refused = await client.GetAsync("instances", Cancelled))
        {
            Assert.Equal(HttpStatusCode.ServiceUnavailable, refused.StatusCode);
            using var body = JsonDocument.Parse(await refused.Content.ReadAsStringAsync(Cancelled));
            Assert.Equal("unavailable", body.RootElement.GetProperty("code").GetString());
        }
        Assert.False(starting.IsCompleted);

        var silo = await fleet.StartedAsync("control,node");
        await starting.WaitAsync(TestFleet.Patience, Cancelled);
        await Until.True(() => AnswersAsync(client, HttpStatusCode.OK), TestFleet.Patience, "the gateway has found the silo");

        await silo.StopAsync();
        await Until.True(() => AnswersAsync(client, HttpStatusCode.ServiceUnavailable), TestFleet.Patience, "the gateway misses the silo");
        await silo.StartAsync();
        await Until.True(() => AnswersAsync(client, HttpStatusCode.OK), TestFleet.Patience, "the gateway has found the silo again");
        await Until.True(
            async () => (await client.GetAsync("images/none", Cancelled)).StatusCode == HttpStatusCode.NotFound,
            TestFleet.Patience, "the gateway's calls reach the silo");
    }

    [Fact]
    public async Task A_token_is_good_at_every_gateway()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var one = await fleet.StartedAsync("control,node,gateway");
        var other = await fleet.StartedAsync("gateway");

        using var client = one.ClientAt(other.Server.ApiAddress!, "instance:read");
        Assert.Equal(HttpStatusCode.OK, (await client.GetAsync("instances", Cancelled)).StatusCode);
    }

    private static async Task<bool> AnswersAsync(HttpClient client, HttpStatusCode status)
    {
        try
        {
            using var answer = await client.GetAsync("health", Cancelled);
            return answer.StatusCode == status;
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<string?> StateAsync(HttpClient client, string name)
    {
        using var answer = await client.GetAsync($"instances/{name}", Cancelled);
        if (!answer.IsSuccessStatusCode)
            return null;
        using var body = JsonDocument.Parse(await answer.Content.ReadAsStringAsync(Cancelled));
        return body.RootElement.GetProperty("state").GetString();
    }
}

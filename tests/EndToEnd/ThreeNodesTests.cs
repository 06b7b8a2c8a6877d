using System.Collections.Concurrent;
using System.Net;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;
using Hypeman.Tests.Testing.Leaks;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Customers' traffic while what it passes through comes and goes.</summary>
[Trait("Category", "Vm")]
public sealed class ThreeNodesTests
{
    private const int CallersOfEach = 3;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly ConcurrentBag<string> _lost = [];
    private readonly ConcurrentDictionary<string, int> _answered = new();

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task No_request_is_lost_while_the_instance_sleeps_again_and_again_and_another_node_is_killed()
    {
        var leaks = await LeakCheck.StartAsync();
        await using (var fleet = await ManyHosts.StartAsync(3, TimeSpan.FromSeconds(70), Cancel))
        {
            var api = fleet.Api("c1");
            var id = await PublishedAsync(fleet, api);
            using var killed = new CancellationTokenSource();
            using var ended = new CancellationTokenSource();
            var callers = Callers(api, "n1", ended.Token).Concat(Callers(api, "n2", ended.Token)).Concat(Callers(api, "n3", killed.Token)).ToList();

            for (var nap = 0; nap < 4; nap++)
            {
                var before = VirtualMachines.Of(fleet.DataOf("n1"), id).Single();
                (await api.SendAsync(HttpMethod.Post, $"/instances/{id}/standby", body: null, Cancel)).EnsureSuccessStatusCode();
                await WokenAsync(fleet, id, before);
                // Else the next nap may come before the page does, on a machine that is slow, and again.
                await Until.True(() => fleet.Nodes.All(_answered.ContainsKey), Patience, "each node has answered somebody");
                if (nap != 1)
                    continue;
                // What was sent to a process that dies has nobody who could answer it.
                await killed.CancelAsync();
                await fleet.KillAsync("n3");
            }
            await ended.CancelAsync();
            await Task.WhenAll(callers);

            Assert.True(_lost.IsEmpty, $"{_lost.Count} were lost of {_answered.Values.Sum()}:\n{string.Join('\n', _lost.Take(20))}");
            Assert.All(["n1", "n2", "n3"], node => Assert.True(_answered[node] > 0, $"{node} has answered nobody"));
            await fleet.StartAsync("n3", Cancel);
            await Instances.DeleteAsync(api, id);
        }
        await leaks.AssertNothingNewAsync();
    }

    /// <summary>An instance on the first node, whose page every ingress shows.</summary>
    private static async Task<string> PublishedAsync(ManyHosts fleet, FleetApi api)
    {
        var image = await fleet.PushAsync("c1", TestImage.Busybox.LayoutDir, "e2e/busybox:v1", Cancel);
        var made = await api.PostAsync("/instances", Instances.Request("web", Instances.WebServer, image, "n1"), Cancel);
        var id = made.GetProperty("id").GetString()!;
        await Instances.StateIsAsync(api, id, "Running");
        var rule = new { match = new { hostname = "web.test" }, target = new { instance = "web", port = 8080 } };
        await api.PostAsync("/ingresses", new { name = "web", rules = new[] { rule } }, Cancel);
        foreach (var node in fleet.Nodes)
            await Until.True(async () => await PageAsync(api, node) == (HttpStatusCode.OK, "page\n"), Patience, $"{node} shows the page");
        return id;
    }

    /// <summary>A request has had it go on, in another process than before.</summary>
    private static Task WokenAsync(ManyHosts fleet, string id, int before) => Until.True(
        async () => VirtualMachines.Of(fleet.DataOf("n1"), id) is [var pid] && pid != before && await fleet.Api("c1").StateAsync(id, Cancel) == "Running",
        Patience, "it was woken");

    private IEnumerable<Task> Callers(FleetApi api, string node, CancellationToken ended) =>
        Enumerable.Range(0, CallersOfEach).Select(_ => Task.Run(() => CallAsync(api, node, ended), Cancel));

    private async Task CallAsync(FleetApi api, string node, CancellationToken ended)
    {
        while (!ended.IsCancellationRequested)
        {
            try
            {
                var (status, text) = await PageAsync(api, node);
                if ((status, text) == (HttpStatusCode.OK, "page\n"))
                    _answered.AddOrUpdate(node, 1, (_, count) => count + 1);
                else if (!ended.IsCancellationRequested)
                    _lost.Add($"{node}: {(int)status} {text}");
            }
            catch (HttpRequestException error)
            {
                if (!ended.IsCancellationRequested)
                    _lost.Add($"{node}: {error.Message}");
            }
        }
    }

    private static async Task<(HttpStatusCode Status, string Text)> PageAsync(FleetApi api, string node)
    {
        using var response = await api.PageAsync("web.test", $"{ManyHosts.AddressOf(node)}:80", Cancel);
        return (response.StatusCode, await response.Content.ReadAsStringAsync(Cancel));
    }
}

using System.Net;
using System.Text.Json;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.EndToEnd;

/// <summary>A fleet of several hosts is one fleet, and goes on when one of them dies.</summary>
[Trait("Category", "Vm")]
public class ManyHostsTests(ManyHostsFixture fixture) : IClassFixture<ManyHostsFixture>
{
    private const string WebServer = "mkdir -p /www && hostname > /www/index.html && exec httpd -f -p 8080 -h /www";

    /// <summary>The page is another one for each disk, and not for each boot.</summary>
    private const string KeepsItsFirstPage =
        "mkdir -p /www && cd /www && { [ -e index.html ] || cat /proc/sys/kernel/random/uuid > index.html; } && exec httpd -f -p 8080 -h /www";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly ManyHosts _fleet = fixture.Fleet;
    private readonly FleetApi _api = fixture.Fleet.Api("c1");

    [Fact]
    public async Task What_was_pushed_to_one_gateway_runs_on_every_node_and_is_reached_from_every_ingress()
    {
        var ids = new List<string>();
        foreach (var node in _fleet.Nodes)
            ids.Add(await RunOnAsync(node, $"web-{node}", WebServer));

        foreach (var (node, id) in _fleet.Nodes.Zip(ids))
        {
            Assert.Single(VirtualMachines.Of(_fleet.DataOf(node), id));
            await _api.PostAsync("/ingresses", Rule($"web-{node}"), Cancel);
            foreach (var ingress in _fleet.Nodes)
                await Until.True(
                    async () => await PageAsync($"web-{node}.test", ingress) == $"web-{node}\n", Patience, $"{ingress} shows the page of {node}");
        }
        foreach (var id in ids)
            await Instances.DeleteAsync(_api, id);
    }

    [Fact]
    public async Task Instances_of_a_killed_node_process_are_unknown_at_once_refuse_commands_and_are_running_again_with_it()
    {
        var id = await RunOnAsync("n2", "kept", "sleep 1000");
        var pid = VirtualMachines.Of(_fleet.DataOf("n2"), id).Single();

        await _fleet.KillAsync("n2");
        await BecomesAsync(id, "Unknown");
        var seen = await Instances.GetAsync(_api, id);
        using var stop = await _api.SendAsync(HttpMethod.Post, $"/instances/{id}/stop", body: null, Cancel);

        Assert.Contains("cannot be reached since", seen.GetProperty("state_error").GetString());
        Assert.Equal(HttpStatusCode.ServiceUnavailable, stop.StatusCode);
        Assert.Equal("unreachable", (await _api.GetAsync("/nodes/n2", Cancel)).GetProperty("state").GetString());
        await _fleet.StartAsync("n2", Cancel);
        await BecomesAsync(id, "Running");
        Assert.Equal([pid], VirtualMachines.Of(_fleet.DataOf("n2"), id));
        await Instances.DeleteAsync(_api, id);
    }

    [Fact]
    public async Task A_node_process_that_has_just_died_is_not_felt_by_calls_for_instances_of_other_nodes()
    {
        // Their places in a directory spread over all processes would be in every part of it.
        var ids = new List<string>();
        for (var at = 0; at < 6; at++)
            ids.Add((await _fleet.Api("n1").PostAsync(
                "/instances", Instances.Request($"other-{at}", "sleep 1000", fixture.Image, "n1"), Cancel)).GetProperty("id").GetString()!);

        await _fleet.KillAsync("n2");
        foreach (var id in ids)
            Assert.NotNull(await _fleet.Api("c2").StateAsync(id, Cancel));

        await _fleet.StartAsync("n2", Cancel);
        foreach (var id in ids)
            await Instances.DeleteAsync(_api, id);
    }

    [Fact]
    public async Task A_delete_while_the_node_is_away_is_taken_and_carried_out_when_it_is_back()
    {
        var id = await RunOnAsync("n2", "unwanted", "sleep 1000");
        await _fleet.KillAsync("n2");
        await BecomesAsync(id, "Unknown");

        using var deleted = await _api.SendAsync(HttpMethod.Delete, $"/instances/{id}", body: null, Cancel);
        Assert.Equal(HttpStatusCode.Accepted, deleted.StatusCode);
        Assert.Single(VirtualMachines.Of(_fleet.DataOf("n2"), id));
        await _fleet.StartAsync("n2", Cancel);

        await Until.True(
            async () => await _api.StateAsync(id, Cancel) is null && VirtualMachines.Of(_fleet.DataOf("n2"), id).Count == 0,
            Patience, "the instance and its VM are gone");
    }

    [Fact]
    public async Task A_node_that_is_cut_off_is_unreachable_and_its_vms_are_the_same_when_it_is_back()
    {
        var id = await RunOnAsync("n2", "cut-off", "sleep 1000");
        var pid = VirtualMachines.Of(_fleet.DataOf("n2"), id).Single();

        await ManyHosts.CutOffAsync("n2", Cancel);
        await BecomesAsync(id, "Unknown");
        await ManyHosts.HealAsync("n2", Cancel);
        await EnsureRunsAsync("n2");

        await BecomesAsync(id, "Running");
        Assert.Equal([pid], VirtualMachines.Of(_fleet.DataOf("n2"), id));
        await Instances.DeleteAsync(_api, id);
    }

    [Fact]
    public async Task A_drained_nodes_instances_are_on_the_other_with_what_they_wrote_to_their_disks()
    {
        await CordonAsync("n2", "cordoned");
        var running = await Instances.RunAsync(_api, "drained", KeepsItsFirstPage, fixture.Image);
        var resting = await Instances.RunAsync(_api, "resting", KeepsItsFirstPage, fixture.Image);
        await CordonAsync("n2", "ready");
        foreach (var name in (string[])["drained", "resting"])
            await _api.PostAsync("/ingresses", Rule(name), Cancel);
        var pages = new Dictionary<string, string> { ["drained"] = await FirstPageAsync("drained"), ["resting"] = await FirstPageAsync("resting") };
        await _api.PostAsync($"/instances/{resting}/stop", body: null, Cancel);
        await Instances.StateIsAsync(_api, resting, "Stopped");
        var plan = await _api.PostAsync("/nodes/n1/drain", new { plan = true }, Cancel);
        Assert.Equal(["resting"], plan.GetProperty("moves").EnumerateArray().Where(IsInstance).Select(NameOf));
        Assert.Equal(["drained"], plan.GetProperty("left").EnumerateArray().Where(IsInstance).Select(NameOf));

        await _api.PostAsync("/nodes/n1/drain", new { running = "restart" }, Cancel);
        await Until.True(async () => await DrainStateAsync("n1") == "finished", Patience, "n1 is drained");

        var drain = (await _api.GetAsync("/nodes/n1", Cancel)).GetProperty("drain");
        Assert.Equal(("[]", 2), (drain.GetProperty("left").GetRawText(), drain.GetProperty("moved").GetProperty("instances").GetInt32()));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(_fleet.DataOf("n1"), "vms")));
        await Instances.StateIsAsync(_api, running, "Running");
        Assert.Single(VirtualMachines.Of(_fleet.DataOf("n2"), running));
        Assert.Equal("Stopped", await _api.StateAsync(resting, Cancel));
        await _api.PostAsync($"/instances/{resting}/start", new { }, Cancel);
        foreach (var (name, page) in pages)
            Assert.Equal(page, await FirstPageAsync(name));
        await _api.PostAsync("/nodes/n1/uncordon", body: null, Cancel);
        await Instances.DeleteAsync(_api, running);
        await Instances.DeleteAsync(_api, resting);
    }

    [Fact]
    public async Task A_drained_nodes_guests_go_on_elsewhere_with_what_they_have_in_memory_and_move_back_when_told_to()
    {
        const string counter = "mkdir -p /www; httpd -p 8080 -h /www; i=0; "
            + "while :; do i=$((i+1)); echo $i > /www/n; mv /www/n /www/index.html; sleep 0.1; done";
        await CordonAsync("n2", "cordoned");
        var running = await Instances.RunAsync(_api, "travels", counter, fixture.Image);
        var asleep = await Instances.RunAsync(_api, "sleeps", counter, fixture.Image);
        await CordonAsync("n2", "ready");
        foreach (var name in (string[])["travels", "sleeps"])
        {
            await _api.PostAsync("/ingresses", Rule(name), Cancel);
            await Until.True(async () => await CountAsync(name) > 20, Patience, $"{name} counts");
        }
        await _api.PostAsync($"/instances/{asleep}/standby", new { compression = new { enabled = true } }, Cancel);
        var snapshot = (await _api.PostAsync($"/instances/{running}/snapshots", new { kind = "Standby" }, Cancel)).GetProperty("id").GetString()!;

        await _api.PostAsync("/nodes/n1/drain", new { running = "suspend" }, Cancel);
        await Until.True(async () => await DrainStateAsync("n1") == "finished", Patience, "n1 is drained");

        Assert.Equal("[]", (await _api.GetAsync("/nodes/n1", Cancel)).GetProperty("drain").GetProperty("left").GetRawText());
        await Instances.StateIsAsync(_api, running, "Running");
        Assert.Equal("Standby", await _api.StateAsync(asleep, Cancel));
        await _api.PostAsync($"/instances/{asleep}/restore", body: null, Cancel);
        foreach (var name in (string[])["travels", "sleeps"])
            Assert.InRange(await CountAsync(name), 20, 2000);
        Assert.Single(VirtualMachines.Of(_fleet.DataOf("n2"), running));
        await UseSnapshotAsync(snapshot, "developed");
        Assert.All((string[])[running, asleep], id => Assert.False(Directory.Exists(Path.Combine(_fleet.DataOf("n1"), "vms", id)), id));

        await _api.PostAsync("/nodes/n1/uncordon", body: null, Cancel);
        var before = await CountAsync("travels");
        var moved = await _api.PostAsync($"/instances/{running}/move", new { node = "n1" }, Cancel);
        await RunsOnAsync(moved, "n1");
        Assert.InRange(await CountAsync("travels"), before, before + 2000);
        Assert.Single(VirtualMachines.Of(_fleet.DataOf("n1"), running));
        await _api.PostAsync($"/instances/{running}/standby", body: null, Cancel);
        Assert.InRange(int.Parse(await PageAsync("travels.test", "n2"), System.Globalization.CultureInfo.InvariantCulture), before, before + 2000);
        Assert.Equal("Running", await _api.StateAsync(running, Cancel));
        await Instances.DeleteAsync(_api, running);
        await Instances.DeleteAsync(_api, asleep);
    }

    /// <summary>It has moved as well: what is made from it lives on the second node, and counts on.</summary>
    private async Task UseSnapshotAsync(string snapshot, string name)
    {
        var made = await _api.PostAsync($"/snapshots/{snapshot}/fork", new { name }, Cancel);
        await RunsOnAsync(made, "n2");
        await _api.PostAsync("/ingresses", Rule(name), Cancel);
        Assert.InRange(await CountAsync(name), 20, 2000);
        await Instances.DeleteAsync(_api, made.GetProperty("id").GetString()!);
        using var gone = await _api.SendAsync(HttpMethod.Delete, $"/snapshots/{snapshot}", body: null, Cancel);
        Assert.True(gone.IsSuccessStatusCode);
    }

    private async Task RunsOnAsync(JsonElement instance, string node)
    {
        var id = (await _api.GetAsync($"/nodes/{node}", Cancel)).GetProperty("id").GetString();
        Assert.Equal((id, "Running"), (instance.GetProperty("node").GetString(), instance.GetProperty("state").GetString()));
    }

    /// <summary>What a counting guest shows, through the other node's ingress as soon as that knows where it is.</summary>
    private async Task<int> CountAsync(string name)
    {
        var count = 0;
        await Until.True(
            async () => int.TryParse(await FirstPageAsync(name), System.Globalization.CultureInfo.InvariantCulture, out count) && count > 0,
            Patience, $"{name} shows a number");
        return count;
    }

    private async Task CordonAsync(string node, string state)
    {
        await _api.PostAsync($"/nodes/{node}/{(state == "ready" ? "uncordon" : "cordon")}", body: null, Cancel);
        await Until.True(
            async () => (await _api.GetAsync($"/nodes/{node}", Cancel)).GetProperty("state").GetString() == state, Patience, $"{node} is {state}");
    }

    private static bool IsInstance(JsonElement one) => one.GetProperty("kind").GetString() == "instance";

    private static string? NameOf(JsonElement one) => one.GetProperty("name").GetString();

    private async Task<string?> DrainStateAsync(string node) =>
        (await _api.GetAsync($"/nodes/{node}", Cancel)).GetProperty("drain").GetProperty("state").GetString();

    /// <summary>What an instance shows as soon as it shows something.</summary>
    private async Task<string> FirstPageAsync(string name)
    {
        var page = "";
        await Until.True(
            async () =>
            {
                using var answer = await _api.PageAsync($"{name}.test", $"{ManyHosts.AddressOf("n2")}:80", Cancel);
                page = await answer.Content.ReadAsStringAsync(Cancel);
                return answer.IsSuccessStatusCode;
            },
            Patience, $"{name} shows its page");
        return page;
    }

    // The others have declared it dead meanwhile, so it ends itself: as on a host, somebody starts it again.
    private async Task EnsureRunsAsync(string member)
    {
        using var process = _fleet.ProcessOf(member);
        if (process is not null)
            await process.Exited.WaitAsync(Patience, Cancel);
        await _fleet.StartAsync(member, Cancel);
    }

    /// <summary>Until the fleet has noticed that a node is away, the answer for its instances is that it does not answer.</summary>
    private Task BecomesAsync(string id, string state) => Until.True(async () =>
    {
        try
        {
            return await _api.StateAsync(id, Cancel) == state;
        }
        catch (HttpRequestException away) when (away.StatusCode == HttpStatusCode.ServiceUnavailable)
        {
            return false;
        }
    }, Patience, $"{id} is {state}");

    private async Task<string> RunOnAsync(string node, string name, string script)
    {
        var made = await _api.PostAsync("/instances", Instances.Request(name, script, fixture.Image, node), Cancel);
        var id = made.GetProperty("id").GetString()!;
        await Instances.StateIsAsync(_api, id, "Running");
        return id;
    }

    private async Task<string> PageAsync(string hostname, string ingress)
    {
        using var page = await _api.PageAsync(hostname, $"{ManyHosts.AddressOf(ingress)}:80", Cancel);
        return await page.Content.ReadAsStringAsync(Cancel);
    }

    private static object Rule(string instance) => new
    {
        name = $"ingress-{instance}",
        rules = new[] { new { match = new { hostname = $"{instance}.test", port = 80 }, target = new { instance, port = 8080 } } },
    };

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;
}

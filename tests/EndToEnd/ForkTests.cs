using System.Globalization;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Real guests are copied with what they have in memory, and live on apart.</summary>
[Trait("Category", "Vm")]
public sealed class ForkTests(FleetFixture fixture) : IClassFixture<FleetFixture>, IAsyncLifetime
{
    // Counts in memory alone, on from what it is told.
    private const string Counter =
        "i=0; while true; do [ -e /tmp/set ] && i=$(cat /tmp/set) && rm /tmp/set; i=$((i + 1)); echo $i > /tmp/part; mv /tmp/part /tmp/count; sleep 0.1; done";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Fleet _fleet = fixture.Fleet;

    /// <summary>A test that failed halfway may have left it dead.</summary>
    public async ValueTask InitializeAsync() => await _fleet.EnsureServerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task A_guest_and_its_copy_count_on_apart_under_names_and_addresses_of_their_own()
    {
        var source = await CountingAsync("original");

        await _fleet.RunAsync(Artifacts.Cli, ["fork", source, "copied", "--from-running"]);

        Assert.True(await CountAsync("copied") > 20);
        Assert.Equal("copied\n", await ExecAsync("copied", "hostname"));
        Assert.Equal("original\n", await ExecAsync("original", "hostname"));
        var (mine, its) = (await AddressAsync("original"), await AddressAsync("copied"));
        Assert.NotEqual(mine, its);
        Assert.Contains($" {its}/", await ExecAsync("copied", "ip", "-4", "address"), StringComparison.Ordinal);
        await ExecAsync("copied", "sh", "-c", "echo 100000 > /tmp/set");
        await Until.True(async () => await CountAsync("copied") > 100_000, Patience, "the copy counts on");
        Assert.InRange(await CountAsync("original"), 20, 99_999);
        await DeleteAsync("copied", source);
    }

    [Fact]
    public async Task What_a_copy_serves_is_reached_through_an_ingress_at_once()
    {
        var source = await Instances.RunAsync(_fleet.Api, "server", "mkdir /www; echo here > /www/index.html; exec httpd -f -p 8080 -h /www");
        await Until.True(async () => (await ExecAsync(source, "sh", "-c", "wget -qO- http://127.0.0.1:8080/ || true")) == "here\n", Patience, "it serves");

        await _fleet.RunAsync(Artifacts.Cli, ["fork", source, "second-server", "--from-running"]);
        foreach (var name in (string[])["server", "second-server"])
        {
            await _fleet.RunAsync(Artifacts.Cli, ["ingress", "create", name, "--host", $"{name}.test", "--to", $"{name}:8080"]);
            await Until.True(async () => await PageAsync($"{name}.test") == "here\n", Patience, $"{name} shows its page");
        }
        await DeleteAsync("second-server", source);
    }

    [Fact]
    public async Task A_snapshot_survives_our_death_and_its_source_and_brings_back_what_was_in_memory()
    {
        var source = await CountingAsync("photographed");
        var snapshot = (await _fleet.RunAsync(Artifacts.Cli, ["snapshot", "create", source, "--name", "then"])).Trim();
        var then = await CountAsync(source);
        await ExecAsync(source, "sh", "-c", "echo 100000 > /tmp/set");
        await Until.True(async () => await CountAsync(source) > 100_000, Patience, "it counts on from there");
        await _fleet.RunAsync(Artifacts.Cli, ["standby", source]);
        await _fleet.KillServerAsync();
        await _fleet.StartServerAsync();
        await Instances.StateIsAsync(_fleet.Api, source, "Standby");

        await _fleet.RunAsync(Artifacts.Cli, ["snapshot", "restore", snapshot]);
        Assert.InRange(await CountAsync(source), then - 20, 99_999);
        await DeleteAsync(source);
        await _fleet.RunAsync(Artifacts.Cli, ["snapshot", "fork", snapshot, "reborn"]);

        Assert.InRange(await CountAsync("reborn"), then - 20, 99_999);
        await DeleteAsync("reborn");
        await _fleet.RunAsync(Artifacts.Cli, ["snapshot", "rm", snapshot]);
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(_fleet.DataDir, "snapshots")));
        Assert.Empty(Directory.EnumerateDirectories(Path.Combine(_fleet.DataDir, "memory")));
    }

    [Fact]
    public async Task A_fork_that_we_die_in_the_middle_of_is_carried_out_and_both_live()
    {
        var source = await CountingAsync("forked");
        var fork = _fleet.SendAsync(HttpMethod.Post, $"/instances/{source}/fork", new { name = "in-between", from_running = true });
        await Until.True(
            async () => (await Instances.GetAsync(_fleet.Api, source)).GetProperty("state").GetString() == "Paused" || fork.IsCompleted,
            Patience, "it is being copied");

        await _fleet.KillServerAsync();
        await _fleet.StartServerAsync();

        await Instances.StateIsAsync(_fleet.Api, source, "Running");
        await Instances.StateIsAsync(_fleet.Api, "in-between", "Running");
        var (one, other) = (await CountAsync(source), await CountAsync("in-between"));
        await Until.True(
            async () => await CountAsync(source) > one && await CountAsync("in-between") > other, Patience, "both count on");
        await Assert.ThrowsAnyAsync<HttpRequestException>(() => fork);
        await DeleteAsync("in-between", source);
    }

    private async Task<string> CountingAsync(string name)
    {
        var id = await Instances.RunAsync(_fleet.Api, name, Counter);
        await Until.True(async () => await CountAsync(id) > 20, Patience, "it counts");
        return id;
    }

    private async Task DeleteAsync(params string[] ids)
    {
        foreach (var id in ids)
            await Instances.DeleteAsync(_fleet.Api, id);
    }

    private async Task<string> PageAsync(string hostname)
    {
        using var answer = await _fleet.IngressAsync(hostname);
        return await answer.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
    }

    private async Task<string> AddressAsync(string id) =>
        (await Instances.GetAsync(_fleet.Api, id)).GetProperty("network").GetProperty("ip").GetString()!;

    private async Task<int> CountAsync(string id) =>
        int.TryParse(
            await ExecAsync(id, "sh", "-c", "cat /tmp/count 2>/dev/null; true"), NumberStyles.None | NumberStyles.AllowTrailingWhite,
            CultureInfo.InvariantCulture, out var count)
            ? count
            : 0;

    private Task<string> ExecAsync(string id, params string[] command) => _fleet.RunAsync(Artifacts.Cli, ["exec", id, "--", .. command]);
}

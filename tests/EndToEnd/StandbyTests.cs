using System.Globalization;
using System.Net;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Fleets;

namespace Hypeman.Tests.EndToEnd;

/// <summary>An instance sleeps without a process and goes on where it was.</summary>
[Trait("Category", "Vm")]
public sealed class StandbyTests(FleetFixture fixture) : IClassFixture<FleetFixture>, IAsyncLifetime
{
    // Counts in memory alone.
    private const string Counter = "i=0; while true; do i=$((i + 1)); echo $i > /tmp/count; sleep 0.1; done";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    private readonly Fleet _fleet = fixture.Fleet;

    /// <summary>A test that failed halfway may have left it dead.</summary>
    public async ValueTask InitializeAsync() => await _fleet.EnsureServerAsync();

    public ValueTask DisposeAsync() => ValueTask.CompletedTask;

    [Fact]
    public async Task Memory_goes_on_where_it_was_and_the_clock_is_right()
    {
        var id = await Instances.RunAsync(_fleet.Api, "sleeper", Counter);
        await Until.True(async () => await CountAsync(id) > 20, Patience, "it counts");

        await _fleet.RunAsync(Artifacts.Cli, ["standby", id]);
        Assert.Empty(VirtualMachines.Of(_fleet.DataDir, id));
        await _fleet.RunAsync(Artifacts.Cli, ["restore", id]);

        Assert.True(await CountAsync(id) > 20);
        var guest = long.Parse(await ExecAsync(id, "date", "+%s"), CultureInfo.InvariantCulture);
        Assert.InRange(guest - TimeProvider.System.GetUtcNow().ToUnixTimeSeconds(), -5, 5);
        await Instances.DeleteAsync(_fleet.Api, id);
    }

    [Fact]
    public async Task It_sleeps_through_our_death_and_wakes_again_and_again()
    {
        var id = await Instances.RunAsync(_fleet.Api, "survivor", Counter);
        for (var time = 0; time < 2; time++)
        {
            (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/standby")).EnsureSuccessStatusCode();
            await _fleet.KillServerAsync();
            await _fleet.StartServerAsync();
            await Instances.StateIsAsync(_fleet.Api, id, "Standby");
            (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/restore")).EnsureSuccessStatusCode();
            Assert.Single(VirtualMachines.Of(_fleet.DataDir, id));
        }
        var before = await CountAsync(id);
        await Until.True(async () => await CountAsync(id) > before, Patience, "it counts on");
        await Instances.DeleteAsync(_fleet.Api, id);
    }

    [Fact]
    public async Task What_sleeps_is_stopped_started_from_its_disk_and_deleted()
    {
        var id = await Instances.RunAsync(_fleet.Api, "dropped", "echo kept >> /kept; sleep 1000");
        await HoldsAsync(id, "kept\n");
        await ExecAsync(id, "sync");
        (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/standby")).EnsureSuccessStatusCode();
        (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/stop")).EnsureSuccessStatusCode();
        await Instances.StateIsAsync(_fleet.Api, id, "Stopped");
        using (var restore = await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/restore"))
            Assert.Equal(HttpStatusCode.Conflict, restore.StatusCode);
        (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/start")).EnsureSuccessStatusCode();
        await Instances.StateIsAsync(_fleet.Api, id, "Running");
        await HoldsAsync(id, "kept\nkept\n");

        (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/standby")).EnsureSuccessStatusCode();
        await Instances.DeleteAsync(_fleet.Api, id);
        Assert.False(Directory.Exists(Path.Combine(_fleet.DataDir, "vms", id)));
    }

    private Task HoldsAsync(string id, string content) => Until.True(
        async () => await ExecAsync(id, "sh", "-c", "cat /kept 2>/dev/null; true") == content, Patience, $"the file holds {content.ReplaceLineEndings(" ")}");

    private async Task<int> CountAsync(string id) =>
        int.TryParse(await ExecAsync(id, "cat", "/tmp/count"), NumberStyles.None | NumberStyles.AllowTrailingWhite, CultureInfo.InvariantCulture, out var count)
            ? count
            : 0;

    private Task<string> ExecAsync(string id, params string[] command) => _fleet.RunAsync(Artifacts.Cli, ["exec", id, "--", .. command]);
}

using System.Text.RegularExpressions;
using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Images whose entrypoint is an init system: it is process 1, and a stop is a shutdown in its own order.</summary>
[Trait("Category", "Vm")]
public class InitSystemTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(3);
    private readonly Fleet _fleet = fixture.Fleet;

    [Fact]
    public async Task Systemd_boots_its_services_as_process_1_and_ends_them_in_order()
    {
        var id = await RunAsync(InitImages.Systemd, "systemd");
        Assert.Equal("systemd\n", await ExecAsync(id, "cat", "/proc/1/comm"));
        await Until.True(async () => await SystemStateAsync(id) == "running\n", Patience, "systemd says that all is up");
        Assert.Equal(["first comes up", "second comes up"], await FindAsync(id, "app", @"\w+ comes up"));

        await StopAsync(id);

        Assert.Equal(["second goes down", "first goes down"], await FindAsync(id, "app", @"\w+ goes down"));
        await EndedByItselfAsync(id);
        await Instances.DeleteAsync(_fleet.Api, id);
    }

    [Fact]
    public async Task Busyboxs_init_runs_its_table_as_process_1_and_shuts_down()
    {
        var id = await RunAsync(InitImages.Busybox, "busybox-init");
        Assert.Equal("init\n", await ExecAsync(id, "cat", "/proc/1/comm"));
        await Until.True(async () => (await ExecAsync(id, "ps")).Contains("sleep 1000000"), Patience, "what the table keeps running runs");
        Assert.Equal(["system comes up"], await FindAsync(id, "app", @"\w+ comes up"));

        await StopAsync(id);

        Assert.Equal(["system goes down"], await FindAsync(id, "app", @"\w+ goes down"));
        await EndedByItselfAsync(id);
        await Instances.DeleteAsync(_fleet.Api, id);
    }

    [Fact]
    public async Task An_init_system_starts_again_after_a_stop()
    {
        var id = await RunAsync(InitImages.Busybox, "again");
        await StopAsync(id);
        await _fleet.PostAsync($"/instances/{id}/start", new { });
        await Instances.StateIsAsync(_fleet.Api, id, "Running");
        Assert.Equal("init\n", await ExecAsync(id, "cat", "/proc/1/comm"));
        await Instances.DeleteAsync(_fleet.Api, id);
    }

    private async Task<string> RunAsync(TestImage image, string name)
    {
        await image.PushAsync(_fleet);
        var created = await _fleet.PostAsync("/instances", new { name, image = image.Name, size = "512MB", overlay_size = "1GB", vcpus = 1 });
        var id = created.GetProperty("id").GetString()!;
        await Instances.StateIsAsync(_fleet.Api, id, "Running");
        return id;
    }

    private async Task StopAsync(string id)
    {
        await _fleet.PostAsync($"/instances/{id}/stop", new { });
        Assert.Equal("Stopped", await _fleet.StateAsync(id));
    }

    /// <summary>The guest powered off within its grace: nobody had to end the hypervisor.</summary>
    private async Task EndedByItselfAsync(string id)
    {
        Assert.Single(await FindAsync(id, "hypeman", "ask the guest to shut down"));
        Assert.Empty(await FindAsync(id, "hypeman", "quit the hypervisor"));
    }

    /// <summary>What of a log fits the pattern, in the log's order: systemd puts a time before what its services say.</summary>
    private async Task<IEnumerable<string>> FindAsync(string id, string source, string pattern)
    {
        var log = await _fleet.RunAsync(Artifacts.Cli, ["logs", id, "--source", source, "--tail", "1000"]);
        return Regex.Matches(log, pattern).Select(match => match.Value);
    }

    private Task<string> ExecAsync(string id, params string[] command) => _fleet.RunAsync(Artifacts.Cli, ["exec", id, "--", .. command]);

    /// <summary>As systemctl prints it. Its exit code is 1 for every state but one.</summary>
    private async Task<string> SystemStateAsync(string id)
    {
        try
        {
            return await ExecAsync(id, "systemctl", "is-system-running");
        }
        catch (CommandException e)
        {
            return e.Message;
        }
    }
}

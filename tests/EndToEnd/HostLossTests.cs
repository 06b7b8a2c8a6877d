using Hypeman.NodeRuntime.Linux;
using Hypeman.Tests.Testing.Fleets;
using Hypeman.Tests.Testing.Leaks;

namespace Hypeman.Tests.EndToEnd;

/// <summary>Parts of the host go away under a fleet: it says so, goes on with the rest, and can be taken down.</summary>
[Trait("Category", "Vm")]
public sealed class HostLossTests : IAsyncLifetime
{
    private LeakCheck _leaks = null!;
    private Fleet _fleet = null!;

    public async ValueTask InitializeAsync()
    {
        _leaks = await LeakCheck.StartAsync();
        _fleet = await Fleet.StartAsync();
        await TestImage.Busybox.PushAsync(_fleet);
    }

    public async ValueTask DisposeAsync()
    {
        await _fleet.DisposeAsync();
        await _leaks.AssertNothingNewAsync();
    }

    [Fact]
    public async Task After_a_restart_of_the_host_its_instances_are_stopped_and_start_again()
    {
        var id = await Instances.RunAsync(_fleet.Api, "survivor", "sleep 1000");
        await _fleet.LoseHostAsync();
        await _fleet.StartServerAsync();
        await Instances.StateIsAsync(_fleet.Api, id, "Stopped");
        (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/start")).EnsureSuccessStatusCode();
        await Instances.StateIsAsync(_fleet.Api, id, "Running");
    }

    [Theory]
    [InlineData("a namespace of the same name")]
    [InlineData("a mere file")]
    [InlineData("nothing")]
    public async Task After_a_restart_of_the_host_a_fleet_can_be_taken_down_again_and_again(string inItsPlace)
    {
        await Instances.RunAsync(_fleet.Api, "lost", "sleep 1000");
        await _fleet.LoseHostAsync();
        var elsewhere = NetworkNamespace.Ensure($"hm-else-{Guid.NewGuid().ToString("N")[..8]}");
        var path = _fleet.Network.Path;
        try
        {
            if (inItsPlace != "a namespace of the same name")
                NetworkNamespace.Remove(Path.GetFileName(path));
            if (inItsPlace == "a mere file")
                await File.WriteAllBytesAsync(path, [], TestContext.Current.CancellationToken);

            Assert.Contains("are ended", await _fleet.DownAsync(elsewhere));
            Assert.Contains("are ended", await _fleet.DownAsync(elsewhere));
            Assert.DoesNotContain(_fleet.NodeNamespace, NetworkNamespace.List());
        }
        finally
        {
            NetworkNamespace.Remove(Path.GetFileName(elsewhere.Path));
            elsewhere.Dispose();
            NetworkNamespace.Ensure(Path.GetFileName(path)).Dispose();
        }
    }

    [Fact]
    public async Task A_node_namespace_that_lost_its_name_under_running_vms_does_not_keep_a_fleet_from_being_taken_down()
    {
        await Instances.RunAsync(_fleet.Api, "nameless", "sleep 1000");
        NetworkNamespace.Remove(_fleet.NodeNamespace);
        await _fleet.DownAsync();
        await _fleet.DownAsync();
        Assert.Empty(VirtualMachines.All(_fleet.DataDir));
        Assert.DoesNotContain(_fleet.NodeNamespace, NetworkNamespace.List());
    }

    [Fact]
    public async Task A_server_that_is_asked_to_end_finishes_its_requests_and_leaves_vms_alone()
    {
        var id = await Instances.RunAsync(_fleet.Api, "left-alone", "sleep 1000");
        var slow = await Instances.RunAsync(_fleet.Api, "slow", "trap 'sleep 2; exit 3' TERM; while true; do sleep 0.1; done");
        var (pid, startedAt) = (VirtualMachines.Of(_fleet.DataDir, id).Single(), await StartedAtAsync(id));
        var stopping = _fleet.SendAsync(HttpMethod.Post, $"/instances/{slow}/stop");
        await Testing.Until.True(
            async () => await _fleet.StateAsync(slow) != "Running", TimeSpan.FromSeconds(20), "the stop is under way");

        var exit = await _fleet.EndServerAsync();

        using var response = await stopping;
        response.EnsureSuccessStatusCode();
        Assert.Equal(0, exit.ExitCode);
        Assert.Equal([pid], VirtualMachines.Of(_fleet.DataDir, id));
        await _fleet.StartServerAsync();
        await Instances.StateIsAsync(_fleet.Api, id, "Running");
        await Instances.StateIsAsync(_fleet.Api, slow, "Stopped");
        Assert.Equal(startedAt, await StartedAtAsync(id));
    }

    [Fact]
    public async Task A_hypervisor_that_is_killed_stops_its_instance_which_says_so_and_starts_again()
    {
        var id = await Instances.RunAsync(_fleet.Api, "shot", "sleep 1000");
        using (var vm = ProcessHandle.Open(ProcessIdentity.Of(VirtualMachines.Of(_fleet.DataDir, id).Single())!.Value)!)
            vm.Kill(ProcessSignal.Kill);
        await Instances.StateIsAsync(_fleet.Api, id, "Stopped");
        Assert.Contains("hypervisor ended", (await Instances.GetAsync(_fleet.Api, id)).GetRawText());
        (await _fleet.SendAsync(HttpMethod.Post, $"/instances/{id}/start")).EnsureSuccessStatusCode();
        await Instances.StateIsAsync(_fleet.Api, id, "Running");
        Assert.DoesNotContain("hypervisor ended", (await Instances.GetAsync(_fleet.Api, id)).GetRawText());
    }

    private async Task<string?> StartedAtAsync(string id) => (await Instances.GetAsync(_fleet.Api, id)).GetProperty("started_at").GetString();
}

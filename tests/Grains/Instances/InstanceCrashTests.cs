using Hypeman.Contracts;
using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>Every step of every operation: failed once, and with our process killed there. The end is the same.</summary>
public sealed class InstanceCrashTests
{
    [Theory]
    [InlineData(NodeStep.StartBegins)]
    [InlineData(NodeStep.StartDone)]
    public async Task A_create_goes_on_after_the_silo_was_killed(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync();
        var hold = fleet.Node.Faults.HoldOnce(step);
        var created = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec());
        await CrashAsync(fleet, hold);

        var info = await fleet.RestsAsync(created.Id, InstancePhase.Running);

        Assert.Null(info.StateError);
        Assert.Single(fleet.Node.Vms.List());
    }

    [Fact]
    public async Task A_create_whose_start_the_node_has_undone_is_repeated_as_another_boot()
    {
        await using var fleet = await TestFleet.StartAsync();
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.StartBegins);
        var created = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec());
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        fleet.Node.Vms.Plant(new VmStatus
        {
            Id = created.Id,
            Epoch = 1,
            Boot = 1,
            Phase = VmPhase.Stopped,
            HasRun = false,
            Error = "the start was cut off",
        });
        await fleet.StartSiloAsync(fleet.Node);

        var info = await fleet.RestsAsync(created.Id, InstancePhase.Running);

        Assert.Null(info.StateError);
        Assert.Equal((VmPhase.Running, 2), (fleet.Node.Vms.Find(created.Id)!.Phase, fleet.Node.Vms.Find(created.Id)!.Boot));
    }

    [Theory]
    [InlineData(NodeStep.StopBegins)]
    [InlineData(NodeStep.StopDone)]
    public async Task A_stop_goes_on_after_the_silo_was_killed(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await fleet.RunningAsync();
        var hold = fleet.Node.Faults.HoldOnce(step);
        await fleet.Grains.Instance(id).StopAsync();
        await CrashAsync(fleet, hold);

        await fleet.RestsAsync(id, InstancePhase.Stopped);
    }

    [Theory]
    [InlineData(NodeStep.StopBegins)]
    [InlineData(NodeStep.StopDone)]
    [InlineData(NodeStep.DeleteBegins)]
    [InlineData(NodeStep.DeleteDone)]
    public async Task A_delete_goes_on_after_the_silo_was_killed(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await fleet.RunningAsync();
        var hold = fleet.Node.Faults.HoldOnce(step);
        await fleet.Grains.Instance(id).DeleteAsync(graceful: true);
        await CrashAsync(fleet, hold);

        await fleet.IsGoneAsync(id);
    }

    [Fact]
    public async Task While_its_node_is_away_an_instance_can_be_read_and_deleted_and_nothing_else()
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await fleet.RunningAsync();
        var instance = fleet.Grains.Instance(id);
        await fleet.KillSiloAsync(fleet.Node);

        await Testing.Until.True(
            async () => await fleet.TryGetAsync(id) is { Phase: InstancePhase.Unknown }, TestFleet.Patience,
            "another silo stands in for the node");
        var info = await instance.GetAsync();
        var refused = await Assert.ThrowsAsync<Contracts.Errors.HypemanException>(() => instance.StopAsync());
        await instance.DeleteAsync(graceful: true);

        Assert.Contains("cannot be reached since", info.StateError, StringComparison.Ordinal);
        Assert.Contains("was Running when last seen", info.StateError, StringComparison.Ordinal);
        Assert.True(info.IsAway);
        Assert.Equal("unavailable", refused.Code);
        Assert.NotNull(fleet.Node.Vms.Find(id));
        await fleet.StartSiloAsync(fleet.Node);
        await fleet.IsGoneAsync(id);
    }

    [Fact]
    public async Task News_that_came_while_we_were_away_is_seen_after_the_restart()
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await fleet.RunningAsync();
        await fleet.KillSiloAsync(fleet.Node);
        fleet.Node.Vms.Exit(id, 7);

        await fleet.StartSiloAsync(fleet.Node);

        Assert.Equal(7, (await fleet.RestsAsync(id, InstancePhase.Stopped)).ExitCode);
    }

    private static async Task CrashAsync(TestFleet fleet, FaultPlan.Hold hold)
    {
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);
    }
}

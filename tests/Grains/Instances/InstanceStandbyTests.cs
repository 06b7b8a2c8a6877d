using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>An instance sleeps without taking memory and goes on as the same one, whatever happens meanwhile.</summary>
public sealed class InstanceStandbyTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Fact]
    public async Task It_goes_to_standby_and_goes_on_as_the_same_boot()
    {
        var id = await Fleet.RunningAsync();
        var before = await Fleet.Grains.Instance(id).GetAsync();

        await Fleet.Grains.Instance(id).StandbyAsync();
        var asleep = await Fleet.RestsAsync(id, InstancePhase.Standby);
        await Fleet.Grains.Instance(id).RestoreAsync();
        var awake = await Fleet.RestsAsync(id, InstancePhase.Running);

        Assert.True(asleep.HasSnapshot);
        Assert.NotNull(asleep.StoppedAt);
        Assert.Equal((before.Ip, before.StartedAt, null, false), (awake.Ip, awake.StartedAt, awake.StoppedAt, awake.HasSnapshot));
    }

    [Fact]
    public async Task It_can_sleep_again_and_again()
    {
        var id = await Fleet.RunningAsync();
        for (var time = 0; time < 3; time++)
        {
            await Fleet.Grains.Instance(id).StandbyAsync();
            await Fleet.RestsAsync(id, InstancePhase.Standby);
            await Fleet.Grains.Instance(id).RestoreAsync();
            await Fleet.RestsAsync(id, InstancePhase.Running);
        }
        Assert.Equal(3, Fleet.Node.Vms.Find(id)!.Restores);
    }

    [Fact]
    public async Task In_standby_it_takes_disk_but_no_memory()
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await fleet.RunningAsync();
        var awake = await fleet.Grains.Node("node-0").LoadAsync(null);

        await fleet.Grains.Instance(id).StandbyAsync();
        await fleet.RestsAsync(id, InstancePhase.Standby);
        var asleep = await fleet.Grains.Node("node-0").LoadAsync(null);

        Assert.Equal(awake.FreeMemoryBytes + Some.Spec().MemoryBytes, asleep.FreeMemoryBytes);
        Assert.Equal(awake.FreeDiskBytes, asleep.FreeDiskBytes);
    }

    [Fact]
    public async Task A_restore_for_which_there_is_no_memory_is_refused_and_the_instance_sleeps_on()
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await fleet.RunningAsync();
        await fleet.Grains.Instance(id).StandbyAsync();
        await fleet.RestsAsync(id, InstancePhase.Standby);
        fleet.Node.Facts = fleet.Node.Facts with { MemoryBytes = Some.Spec().MemoryBytes };
        await fleet.RestartSiloAsync(fleet.Node);
        await fleet.CreateAsync(Some.Spec() with { MemoryBytes = 64 << 20 });

        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Instance(id).RestoreAsync());

        Assert.Equal("insufficient_resources", refused.Code);
        await fleet.RestsAsync(id, InstancePhase.Standby);
    }

    [Fact]
    public async Task A_standby_that_fails_leaves_it_running_and_says_why()
    {
        var id = await Fleet.RunningAsync();
        Fleet.Node.Faults.FailOnce(NodeStep.StandbyBegins, NodeErrorKind.InsufficientResources);

        await Fleet.Grains.Instance(id).StandbyAsync();
        await Until.True(
            async () => (await Fleet.Grains.Instance(id).GetAsync()) is { Operation: null }, TestFleet.Patience, "the standby has ended");

        var info = await Fleet.Grains.Instance(id).GetAsync();
        Assert.Equal((InstancePhase.Running, "insufficient_resources"), (info.Phase, info.Failure?.Code));
    }

    [Fact]
    public async Task A_restore_that_cannot_work_leaves_it_in_standby_and_a_stop_frees_it_for_a_start_from_disk()
    {
        var id = await Fleet.RunningAsync();
        await Fleet.Grains.Instance(id).StandbyAsync();
        await Fleet.RestsAsync(id, InstancePhase.Standby);
        Fleet.Node.Faults.FailOnce(NodeStep.RestoreBegins, NodeErrorKind.NotSupported);

        await Fleet.Grains.Instance(id).RestoreAsync();
        var failed = await Fleet.RestsAsync(id, InstancePhase.Standby);
        await Fleet.Grains.Instance(id).StopAsync();
        await Fleet.RestsAsync(id, InstancePhase.Stopped);
        await Fleet.Grains.Instance(id).StartAsync(new InstanceStartSpec());

        Assert.Equal("not_supported", failed.Failure?.Code);
        Assert.Contains("was made to fail", failed.StateError, StringComparison.Ordinal);
        await Fleet.RestsAsync(id, InstancePhase.Running);
    }

    [Fact]
    public async Task No_session_is_opened_while_it_is_going_to_standby()
    {
        var id = await Fleet.RunningAsync();
        var hold = Fleet.Node.Faults.HoldOnce(NodeStep.StandbyBegins);
        await Fleet.Grains.Instance(id).StandbyAsync();
        await hold.Reached.WaitAsync(TestFleet.Patience);

        var refused = await Assert.ThrowsAsync<HypemanException>(() => Fleet.Grains.Instance(id).StatAsync("/", followLinks: true));

        Assert.Equal(("invalid_state", "instance is going to standby"), (refused.Code, refused.Message));
        hold.Release();
        await Fleet.RestsAsync(id, InstancePhase.Standby);
    }

    [Theory]
    [InlineData(NodeStep.StandbyBegins, InstancePhase.Standby)]
    [InlineData(NodeStep.StandbyDone, InstancePhase.Standby)]
    [InlineData(NodeStep.RestoreBegins, InstancePhase.Running)]
    [InlineData(NodeStep.RestoreDone, InstancePhase.Running)]
    public async Task It_goes_on_after_the_silo_was_killed(NodeStep step, InstancePhase expected)
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await fleet.RunningAsync();
        if (step is NodeStep.RestoreBegins or NodeStep.RestoreDone)
        {
            await fleet.Grains.Instance(id).StandbyAsync();
            await fleet.RestsAsync(id, InstancePhase.Standby);
        }
        var hold = fleet.Node.Faults.HoldOnce(step);
        await (expected == InstancePhase.Standby ? fleet.Grains.Instance(id).StandbyAsync() : fleet.Grains.Instance(id).RestoreAsync());
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);

        await fleet.RestsAsync(id, expected);
    }

    [Fact]
    public async Task A_delete_gets_past_a_standby_that_hangs()
    {
        var id = await Fleet.RunningAsync();
        var hold = Fleet.Node.Faults.HoldOnce(NodeStep.StandbyBegins);
        await Fleet.Grains.Instance(id).StandbyAsync();
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await Fleet.Grains.Instance(id).DeleteAsync(graceful: true);

        await Fleet.IsGoneAsync(id);
    }
}

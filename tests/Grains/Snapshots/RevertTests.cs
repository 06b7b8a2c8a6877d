using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Snapshots;

/// <summary>An instance goes back to one of its snapshots.</summary>
public sealed class RevertTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Theory]
    [InlineData(SnapshotKind.Standby, null, InstancePhase.Running)]
    [InlineData(SnapshotKind.Standby, InstancePhase.Standby, InstancePhase.Standby)]
    [InlineData(SnapshotKind.Standby, InstancePhase.Stopped, InstancePhase.Stopped)]
    [InlineData(SnapshotKind.Stopped, null, InstancePhase.Stopped)]
    [InlineData(SnapshotKind.Stopped, InstancePhase.Running, InstancePhase.Running)]
    public async Task It_has_the_disk_of_the_snapshot_and_its_own_name_and_id(SnapshotKind kind, InstancePhase? wish, InstancePhase expected)
    {
        var id = await SnapshotTests.RestingAsync(Fleet, kind == SnapshotKind.Standby ? InstancePhase.Running : InstancePhase.Stopped);
        var name = (await Fleet.Grains.Instance(id).GetAsync()).Spec.Name;
        Fleet.Node.Vms.WriteDisk(id, [1, 2]);
        var taken = await SnapshotTests.TakenAsync(Fleet, id, kind);
        Fleet.Node.Vms.WriteDisk(id, [3]);
        if (kind == SnapshotKind.Standby)
            await StopAsync(Fleet, id);

        await RevertAsync(Fleet, id, taken.Id, wish);
        var reverted = await Fleet.RestsAsync(id, expected);

        Assert.Equal([1, 2], Fleet.Node.Vms.Disk(id));
        Assert.Equal((name, null), (reverted.Spec.Name, reverted.Failure));
    }

    [Fact]
    public async Task It_can_be_done_again_and_again_and_from_standby()
    {
        var id = await SnapshotTests.RestingAsync(Fleet, InstancePhase.Running);
        var taken = await SnapshotTests.TakenAsync(Fleet, id, SnapshotKind.Standby);
        for (var time = 0; time < 3; time++)
        {
            await Fleet.Grains.Instance(id).StandbyAsync();
            await Fleet.RestsAsync(id, InstancePhase.Standby);
            await RevertAsync(Fleet, id, taken.Id, null);
            await Fleet.RestsAsync(id, InstancePhase.Running);
        }
    }

    [Fact]
    public async Task Only_its_own_instance_goes_back_to_it_and_only_at_rest()
    {
        var id = await SnapshotTests.RestingAsync(Fleet, InstancePhase.Running);
        var other = await SnapshotTests.RestingAsync(Fleet, InstancePhase.Stopped);
        var taken = await SnapshotTests.TakenAsync(Fleet, id, SnapshotKind.Standby);

        var running = await RefusedAsync(() => RevertAsync(Fleet, id, taken.Id, null));
        var foreign = await RefusedAsync(() => RevertAsync(Fleet, other, taken.Id, null));
        var missing = await RefusedAsync(() => RevertAsync(Fleet, other, "nothing", null));

        Assert.Equal((ErrorKind.Conflict, "invalid_state"), (running.Kind, running.Code));
        Assert.Equal((ErrorKind.InvalidRequest, "invalid_request"), (foreign.Kind, foreign.Code));
        Assert.Equal(ErrorKind.NotFound, missing.Kind);
        await Fleet.RestsAsync(id, InstancePhase.Running);
    }

    [Fact]
    public async Task One_that_has_moved_goes_back_to_a_snapshot_that_stayed()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await SnapshotTests.RestingAsync(fleet, InstancePhase.Running, "node-0");
        fleet.Nodes[0].Vms.WriteDisk(id, [1, 2]);
        var taken = await SnapshotTests.TakenAsync(fleet, id, SnapshotKind.Standby);
        await StopAsync(fleet, id);
        await fleet.Grains.GetGrain<Hypeman.Grains.Instances.IInstanceMoves>(GrainKeys.InstancePrefix + id)
            .MoveAsync("node-1", Hypeman.Contracts.Nodes.DrainRunning.Leave);
        await Until.True(async () => await fleet.TryGetAsync(id) is { Home: "node-1", Operation: null }, TestFleet.Patience, "it has moved");
        fleet.Nodes[1].Vms.WriteDisk(id, [3]);

        await RevertAsync(fleet, id, taken.Id, null);
        await fleet.RestsAsync(id, InstancePhase.Running);

        Assert.Equal([1, 2], fleet.Nodes[1].Vms.Disk(id));
    }

    [Fact]
    public async Task One_that_fails_leaves_it_as_it_was_and_says_why()
    {
        var id = await SnapshotTests.RestingAsync(Fleet, InstancePhase.Running);
        var taken = await SnapshotTests.TakenAsync(Fleet, id, SnapshotKind.Standby);
        await Fleet.Grains.Instance(id).StandbyAsync();
        await Fleet.RestsAsync(id, InstancePhase.Standby);
        Fleet.Node.Faults.FailOnce(NodeStep.RevertBegins, NodeErrorKind.InsufficientResources);

        await RevertAsync(Fleet, id, taken.Id, null);
        var failed = await Fleet.RestsAsync(id, InstancePhase.Standby);

        Assert.Equal("insufficient_resources", failed.Failure?.Code);
        await Fleet.Grains.Instance(id).RestoreAsync();
        await Fleet.RestsAsync(id, InstancePhase.Running);
    }

    [Theory]
    [InlineData(NodeStep.RevertBegins)]
    [InlineData(NodeStep.RevertDone)]
    [InlineData(NodeStep.RestoreBegins)]
    [InlineData(NodeStep.RestoreDone)]
    public async Task It_goes_on_after_the_silo_was_killed(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await SnapshotTests.RestingAsync(fleet, InstancePhase.Running);
        fleet.Node.Vms.WriteDisk(id, [1, 2]);
        var taken = await SnapshotTests.TakenAsync(fleet, id, SnapshotKind.Standby);
        await StopAsync(fleet, id);
        var hold = fleet.Node.Faults.HoldOnce(step);
        await RevertAsync(fleet, id, taken.Id, null);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);

        await fleet.RestsAsync(id, InstancePhase.Running);
        Assert.Equal([1, 2], fleet.Node.Vms.Disk(id));
    }

    private static async Task StopAsync(TestFleet fleet, string id)
    {
        await fleet.Grains.Instance(id).StopAsync();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
    }

    private static Task<InstanceInfo> RevertAsync(TestFleet fleet, string id, string snapshot, InstancePhase? target) =>
        fleet.Grains.SnapshotFactory().RevertAsync(id, snapshot, new RevertSpec { Target = target });

    private static Task<HypemanException> RefusedAsync(Func<Task> call) => Assert.ThrowsAsync<HypemanException>(call);
}

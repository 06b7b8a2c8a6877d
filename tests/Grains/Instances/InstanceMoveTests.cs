using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.Time.Testing;
using Orleans;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>Instances that move from one node to another: whatever fails on the way, there is one owner and one disk.</summary>
public sealed class InstanceMoveTests
{
    private static readonly byte[] Disk = [1, 2, 3, 4, 5];

    [Fact]
    public async Task A_stopped_instance_moves_with_its_disk_and_starts_there_later()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await StoppedAsync(fleet);

        await MoveAsync(fleet, id, restart: false);

        var info = await ArrivesAsync(fleet, id, InstancePhase.Stopped);
        Assert.Equal((143, null, null), (info.ExitCode, info.StateError, info.MovedFrom));
        await fleet.Grains.Instance(id).StartAsync(new InstanceStartSpec());
        await fleet.RestsAsync(id, InstancePhase.Running);
        Assert.Equal(VmPhase.Running, fleet.Nodes[1].Vms.Find(id)!.Phase);
    }

    [Fact]
    public async Task A_running_instance_is_stopped_moved_and_started_when_that_is_allowed()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        var refused = await Assert.ThrowsAsync<HypemanException>(() => MoveAsync(fleet, id, restart: false));
        Assert.Equal("invalid_state", refused.Code);
        Assert.Equal(VmPhase.Running, fleet.Node.Vms.Find(id)!.Phase);

        await MoveAsync(fleet, id, restart: true);

        Assert.Null((await ArrivesAsync(fleet, id, InstancePhase.Running)).ExitCode);
    }

    [Fact]
    public async Task One_in_standby_moves_with_its_memory_and_sleeps_on()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        await fleet.Grains.Instance(id).StandbyAsync();
        await fleet.RestsAsync(id, InstancePhase.Standby);

        await MoveAsync(fleet, id, DrainRunning.Leave);

        Assert.True((await ArrivesAsync(fleet, id, InstancePhase.Standby)).HasSnapshot);
        await fleet.Grains.Instance(id).RestoreAsync();
        await fleet.RestsAsync(id, InstancePhase.Running);
        Assert.Equal((1, 1), (fleet.Nodes[1].Vms.Find(id)!.Boot, fleet.Nodes[1].Vms.Find(id)!.Restores));
    }

    [Fact]
    public async Task A_running_one_sleeps_for_the_way_and_goes_on_as_the_same_boot()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);

        await MoveAsync(fleet, id, DrainRunning.Suspend);

        await ArrivesAsync(fleet, id, InstancePhase.Running);
        Assert.Equal((1, 1), (fleet.Nodes[1].Vms.Find(id)!.Boot, fleet.Nodes[1].Vms.Find(id)!.Restores));
    }

    [Fact]
    public async Task A_memory_that_cannot_go_on_there_comes_home_and_goes_on_there()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        fleet.Nodes[1].Vms.Machine = fleet.Nodes[1].Vms.Machine with { Processor = "another" };

        await MoveAsync(fleet, id, DrainRunning.Suspend);
        await Until.True(
            async () => (await fleet.Grains.Instance(id).GetAsync()) is { MoveError: not null, Phase: InstancePhase.Running, Operation: null },
            TestFleet.Patience, "it is home again");

        var info = await fleet.Grains.Instance(id).GetAsync();
        Assert.Equal("node-0", info.Home);
        Assert.Contains("processor", info.MoveError, StringComparison.Ordinal);
        Assert.Equal((1, 1), (fleet.Node.Vms.Find(id)!.Boot, fleet.Node.Vms.Find(id)!.Restores));
        await Until.True(() => fleet.Nodes[1].Vms.Find(id) is null, TestFleet.Patience, "what had come there is gone");
    }

    [Theory]
    [InlineData(NodeStep.StandbyBegins)]
    [InlineData(NodeStep.StandbyDone)]
    [InlineData(NodeStep.HandOverBegins)]
    public async Task A_sleeping_move_is_carried_out_after_the_old_silo_was_killed(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        var hold = fleet.Node.Faults.HoldOnce(step);
        await MoveAsync(fleet, id, DrainRunning.Suspend);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);

        await ArrivesAsync(fleet, id, InstancePhase.Running);
        Assert.Equal(1, fleet.Nodes[1].Vms.Find(id)!.Boot);
    }

    [Fact]
    public async Task While_it_moves_it_shows_what_it_is_and_takes_no_command()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await StoppedAsync(fleet);
        var hold = fleet.Nodes[1].Faults.HoldOnce(NodeStep.ChunkArrives);
        await MoveAsync(fleet, id, restart: false);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        var info = await fleet.Grains.Instance(id).GetAsync();

        Assert.Equal((InstancePhase.Stopped, "move", "node-1", "node-0"), (info.Phase, info.Operation, info.Home, info.MovedFrom));
        var instance = fleet.Grains.Instance(id);
        foreach (var command in (Func<Task>[])[() => instance.StartAsync(new InstanceStartSpec()), instance.StopAsync, () => instance.StatAsync("/", true)])
        {
            var refused = await Assert.ThrowsAsync<HypemanException>(command);
            Assert.Equal(("invalid_state", "instance is being moved to node node-1"), (refused.Code, refused.Message));
        }
        hold.Release();
        await ArrivesAsync(fleet, id, InstancePhase.Stopped);
    }

    [Theory]
    [InlineData(0, NodeStep.StopBegins)]
    [InlineData(0, NodeStep.StopDone)]
    [InlineData(0, NodeStep.HandOverBegins)]
    [InlineData(0, NodeStep.ChunkIsRead)]
    [InlineData(1, NodeStep.ReceiveBegins)]
    [InlineData(1, NodeStep.ChunkArrives)]
    [InlineData(1, NodeStep.ReceiveDone)]
    [InlineData(1, NodeStep.StartBegins)]
    public async Task A_step_that_fails_once_is_repeated(int node, NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        fleet.Nodes[node].Faults.FailOnce(step);

        await MoveAsync(fleet, id, restart: true);

        await ArrivesAsync(fleet, id, InstancePhase.Running);
    }

    [Theory]
    [InlineData(0, NodeStep.StopBegins)]
    [InlineData(0, NodeStep.StopDone)]
    [InlineData(0, NodeStep.DeleteBegins)]
    [InlineData(1, NodeStep.ReceiveBegins)]
    [InlineData(1, NodeStep.ChunkArrives)]
    [InlineData(1, NodeStep.ReceiveDone)]
    [InlineData(1, NodeStep.StartBegins)]
    public async Task It_goes_on_after_the_silo_at_work_was_killed(int at, NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        var node = fleet.Nodes[at];
        var hold = node.Faults.HoldOnce(step);
        await MoveAsync(fleet, id, restart: true);
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(node);
        hold.Abandon();
        await fleet.StartSiloAsync(node);

        await ArrivesAsync(fleet, id, InstancePhase.Running);
    }

    [Theory]
    [InlineData(0, NodeStep.HandOverBegins)]
    [InlineData(1, NodeStep.ChunkArrives)]
    public async Task It_goes_on_after_the_other_silo_was_killed(int holding, NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        var hold = fleet.Nodes[holding].Faults.HoldOnce(step);
        await MoveAsync(fleet, id, restart: true);
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Node);
        hold.Release();
        await fleet.StartSiloAsync(fleet.Node);

        await ArrivesAsync(fleet, id, InstancePhase.Running);
    }

    [Theory]
    [InlineData(0, NodeStep.StopBegins, true)]
    [InlineData(1, NodeStep.ReceiveBegins, true)]
    [InlineData(1, NodeStep.ChunkArrives, true)]
    [InlineData(1, NodeStep.ChunkArrives, false)]
    public async Task One_that_is_cancelled_stays_or_comes_home_as_it_was(int at, NodeStep step, bool runs)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = runs ? await RunningAsync(fleet) : await StoppedAsync(fleet);
        var hold = fleet.Nodes[at].Faults.HoldOnce(step);
        await MoveAsync(fleet, id, restart: runs);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await Moves(fleet, id).CancelMoveAsync();

        await StaysAsync(fleet, id, runs ? InstancePhase.Running : InstancePhase.Stopped, "the move was cancelled");
    }

    [Fact]
    public async Task It_is_too_late_to_cancel_when_the_disk_has_arrived()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        var hold = fleet.Nodes[1].Faults.HoldOnce(NodeStep.StartBegins);
        await MoveAsync(fleet, id, restart: true);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await Moves(fleet, id).CancelMoveAsync();
        hold.Release();

        await ArrivesAsync(fleet, id, InstancePhase.Running);
    }

    [Theory]
    [InlineData(0, NodeStep.StopBegins)]
    [InlineData(1, NodeStep.ReceiveBegins)]
    [InlineData(1, NodeStep.ChunkArrives)]
    [InlineData(1, NodeStep.ReceiveDone)]
    [InlineData(0, NodeStep.DeleteBegins)]
    public async Task A_delete_wins_over_a_move_and_leaves_nothing_on_either_node(int at, NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await StoppedAsync(fleet);
        var hold = fleet.Nodes[at].Faults.HoldOnce(step);
        await MoveAsync(fleet, id, restart: false);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.Grains.Instance(id).DeleteAsync(graceful: true);
        hold.Release();

        await fleet.IsGoneAsync(id);
        Assert.All(fleet.Nodes, node => Assert.Null(node.Vms.Disk(id)));
    }

    [Fact]
    public async Task Without_room_at_the_target_it_goes_on_running_where_it_is()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        fleet.Nodes[1].Facts = fleet.Nodes[1].Facts with { MemoryBytes = 1 << 20 };
        await fleet.RestartSiloAsync(fleet.Nodes[1]);
        var started = (await fleet.Grains.Instance(id).GetAsync()).StartedAt;

        await MoveAsync(fleet, id, restart: true);

        var info = await StaysAsync(fleet, id, InstancePhase.Running, "insufficient memory");
        Assert.Equal((started, 0), (info.StartedAt, fleet.Node.Faults.Passed(NodeStep.StopBegins)));
    }

    [Fact]
    public async Task One_whose_target_has_a_full_disk_comes_home_again()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        fleet.Nodes[1].Faults.FailOnce(NodeStep.ChunkArrives, NodeErrorKind.InsufficientResources);

        await MoveAsync(fleet, id, restart: true);

        await StaysAsync(fleet, id, InstancePhase.Running, "ChunkArrives was made to fail");
    }

    [Fact]
    public async Task One_whose_old_home_is_silent_comes_home_again_by_itself()
    {
        var time = new FakeTimeProvider(Some.Time) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(200) };
        await using var fleet = await TestFleet.StartAsync(nodes: 2, time: time);
        var id = await StoppedAsync(fleet);
        fleet.CutOff["node-0"] = true;

        await MoveAsync(fleet, id, restart: false);
        await Until.True(
            async () => await fleet.TryGetAsync(id) is { MovedFrom: "node-0" }, TestFleet.Patience, "it has left");
        time.Advance(InstanceTiming.SourceSilence);
        await Until.True(
            () =>
            {
                time.Advance(TimeSpan.FromSeconds(15));
                return Task.FromResult(fleet.Nodes[1].Vms.Find(id) is null);
            },
            TestFleet.Patience, "the part that came is removed");

        await StaysAsync(fleet, id, InstancePhase.Stopped, "cut off");
    }

    [Fact]
    public async Task One_whose_target_is_lost_comes_home_again_when_that_has_lasted()
    {
        var time = new FakeTimeProvider(Some.Time) { AutoAdvanceAmount = TimeSpan.FromMilliseconds(200) };
        await using var fleet = await TestFleet.StartAsync(nodes: 2, time: time);
        var id = await StoppedAsync(fleet);
        var hold = fleet.Nodes[1].Faults.HoldOnce(NodeStep.ChunkArrives);
        await MoveAsync(fleet, id, restart: false);
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Nodes[1]);
        hold.Abandon();
        await Until.True(
            async () => await fleet.TryGetAsync(id) is { Phase: InstancePhase.Unknown }, TestFleet.Patience, "the target is missed");
        Assert.NotNull(fleet.Node.Vms.Find(id));

        time.Advance(InstanceTiming.SourceSilence);

        await Until.True(
            async () => await fleet.TryGetAsync(id) is { Home: "node-0", Phase: InstancePhase.Stopped, Operation: null },
            // A call that was on its way to the killed silo may take its whole time limit first.
            TestFleet.Patience * 2, "it is home again");
        await fleet.StartSiloAsync(fleet.Nodes[1]);
        await StaysAsync(fleet, id, InstancePhase.Stopped, "could not be reached");
    }

    [Fact]
    public async Task It_moves_on_and_back_again()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        await MoveAsync(fleet, id, restart: true);
        await ArrivesAsync(fleet, id, InstancePhase.Running);
        fleet.Nodes[1].Vms.WriteDisk(id, [9, 9]);

        await Moves(fleet, id).MoveAsync("node-0", DrainRunning.Restart);

        await Until.True(async () => await fleet.TryGetAsync(id) is { Home: "node-0", Operation: null }, TestFleet.Patience, "it is back");
        Assert.Equal(new byte[] { 9, 9 }, fleet.Node.Vms.Disk(id));
        await Until.True(() => Task.FromResult(fleet.Nodes[1].Vms.Find(id) is null), TestFleet.Patience, "the other node has it no more");
    }

    [Fact]
    public async Task A_row_that_is_behind_costs_nothing_but_time()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await StoppedAsync(fleet);
        fleet.Index.Refuse = row => row.Id == id && row.Home == "node-1";
        await MoveAsync(fleet, id, restart: false);
        await Until.True(() => Task.FromResult(fleet.Index.Refused > 0), TestFleet.Patience, "the new home could not be told");

        fleet.Index.Refuse = _ => false;

        await ArrivesAsync(fleet, id, InstancePhase.Stopped);
    }

    [Fact]
    public async Task Room_that_was_promised_to_one_that_does_not_come_is_free_again()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var free = (await fleet.Grains.Node("node-1").LoadAsync(null)).FreeDiskBytes;

        await fleet.Grains.Node("node-1").ReserveAsync("nobody", 1 << 20, 1 << 20);

        Assert.Equal(free - (1 << 20), (await fleet.Grains.Node("node-1").LoadAsync(null)).FreeDiskBytes);
        await Until.True(
            async () => (await fleet.Grains.Node("node-1").LoadAsync(null)).FreeDiskBytes == free, TestFleet.Patience, "the promise is forgotten");
    }

    private static IInstanceMoves Moves(TestFleet fleet, string id) =>
        fleet.Grains.GetGrain<IInstanceMoves>(GrainKeys.InstancePrefix + id);

    private static Task MoveAsync(TestFleet fleet, string id, bool restart) =>
        MoveAsync(fleet, id, restart ? DrainRunning.Restart : DrainRunning.Leave);

    private static Task MoveAsync(TestFleet fleet, string id, DrainRunning running) => Moves(fleet, id).MoveAsync("node-1", running);

    private static async Task<string> RunningAsync(TestFleet fleet)
    {
        var id = await fleet.RunningAsync(Some.Spec() with { Placement = new() { Node = "node-0" } });
        fleet.Node.Vms.WriteDisk(id, Disk);
        return id;
    }

    private static async Task<string> StoppedAsync(TestFleet fleet)
    {
        var id = await RunningAsync(fleet);
        await fleet.Grains.Instance(id).StopAsync();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        return id;
    }

    /// <summary>It is on the second node, with its disk, and nowhere else.</summary>
    private static async Task<InstanceInfo> ArrivesAsync(TestFleet fleet, string id, InstancePhase phase)
    {
        await Until.True(
            async () => await fleet.TryGetAsync(id) is { Home: "node-1", MovedFrom: null, Operation: null } info && info.Phase == phase,
            TestFleet.Patience, $"{id} has arrived");
        await Until.True(() => Task.FromResult(fleet.Node.Vms.Find(id) is null), TestFleet.Patience, "the old home has it no more");
        Assert.Equal(Disk, fleet.Nodes[1].Vms.Disk(id));
        await IsToldAsync(fleet, id, "node-1");
        Assert.Equal(0, (await fleet.Grains.Node("node-0").LoadAsync(null)).Instances);
        return await fleet.Grains.Instance(id).GetAsync();
    }

    /// <summary>It is on the first node, with its disk, and nowhere else.</summary>
    private static async Task<InstanceInfo> StaysAsync(TestFleet fleet, string id, InstancePhase phase, string why)
    {
        await Until.True(
            async () => await fleet.TryGetAsync(id) is { Home: "node-0", MovedFrom: null, Operation: null } info && info.Phase == phase,
            TestFleet.Patience, $"{id} has stayed");
        await Until.True(() => Task.FromResult(fleet.Nodes[1].Vms.Find(id) is null), TestFleet.Patience, "the other node has nothing of it");
        Assert.Equal(Disk, fleet.Node.Vms.Disk(id));
        await IsToldAsync(fleet, id, "node-0");
        Assert.Equal(0, (await fleet.Grains.Node("node-1").LoadAsync(null)).Instances);
        var info = await fleet.Grains.Instance(id).GetAsync();
        Assert.Contains(why, info.MoveError, StringComparison.Ordinal);
        Assert.Null(info.StateError);
        return info;
    }

    /// <summary>Row and books say what is so.</summary>
    private static Task IsToldAsync(TestFleet fleet, string id, string home) => Until.True(
        async () => (await fleet.Index.GetAsync(ResourceKind.Instance, id))?.Home == home
            && (await fleet.Grains.Node("node-0").LoadAsync(null)).Instances == (home == "node-0" ? 1 : 0)
            && (await fleet.Grains.Node("node-1").LoadAsync(null)).Instances == (home == "node-1" ? 1 : 0),
        TestFleet.Patience, $"the index and the books know {id} on {home}");
}

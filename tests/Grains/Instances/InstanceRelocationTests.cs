using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>Instances that move because somebody asks.</summary>
public sealed class InstanceRelocationTests
{
    [Theory]
    [InlineData("node-1")]
    [InlineData(null)]
    public async Task A_running_one_goes_on_with_its_memory_on_the_node_that_is_named_or_on_the_other_one(string? node)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);

        var before = await fleet.Grains.InstanceFactory().MoveAsync(id, new MoveSpec { Node = node });

        Assert.Equal(("node-0", InstancePhase.Running), (before.Home, before.Phase));
        await MovedAsync(fleet, id, InstancePhase.Running);
        var vm = fleet.Nodes[1].Vms.Find(id)!;
        Assert.Equal((VmPhase.Running, 1, 1), (vm.Phase, vm.Boot, vm.Restores));
    }

    [Fact]
    public async Task One_may_be_stopped_for_the_way_and_started_there()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);

        await fleet.Grains.InstanceFactory().MoveAsync(id, new MoveSpec { Restart = true });

        await MovedAsync(fleet, id, InstancePhase.Running);
        Assert.Equal(0, fleet.Nodes[1].Vms.Find(id)!.Restores);
    }

    [Fact]
    public async Task What_rests_rests_there()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var (stopped, asleep) = (await RunningAsync(fleet), await RunningAsync(fleet));
        await fleet.Grains.Instance(stopped).StopAsync();
        await fleet.Grains.Instance(asleep).StandbyAsync();
        await fleet.RestsAsync(stopped, InstancePhase.Stopped);
        await fleet.RestsAsync(asleep, InstancePhase.Standby);

        await fleet.Grains.InstanceFactory().MoveAsync(stopped, new MoveSpec());
        await fleet.Grains.InstanceFactory().MoveAsync(asleep, new MoveSpec());

        await MovedAsync(fleet, stopped, InstancePhase.Stopped);
        await MovedAsync(fleet, asleep, InstancePhase.Standby);
    }

    [Fact]
    public async Task One_whose_memory_cannot_go_on_there_stays_and_the_goal_says_that_it_failed()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        fleet.Nodes[1].Vms.Machine = fleet.Nodes[1].Vms.Machine with { Processor = "another" };

        await fleet.Grains.InstanceFactory().MoveAsync(id, new MoveSpec());
        await Until.True(
            async () => InstanceGoal.Move.ProgressOf(await fleet.Grains.Instance(id).GetAsync()) == Progress.Failed, TestFleet.Patience, "it has failed");

        var info = await fleet.RestsAsync(id, InstancePhase.Running);
        Assert.Equal("node-0", info.Home);
        Assert.Contains("processor", info.MoveError, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("node-0", "invalid_state", "it lives on node 'node-0' already")]
    [InlineData("nowhere", "invalid_request", "node: there is no node 'nowhere'")]
    public async Task A_node_that_it_cannot_move_to_is_refused_with_the_reason(string node, string code, string message)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);

        await RefusedAsync(fleet, id, node, code, message);

        Assert.Null((await fleet.Grains.Instance(id).GetAsync()).Operation);
    }

    [Fact]
    public async Task A_node_that_takes_nothing_is_refused_and_without_another_there_is_none()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        await fleet.Grains.Node("node-1").CordonAsync();

        await RefusedAsync(fleet, id, "node-1", "invalid_state", "takes no instances now, it is cordoned");
        await RefusedAsync(fleet, id, null, "insufficient_resources", "no other node");
    }

    [Fact]
    public async Task Without_room_on_the_other_node_it_is_refused_before_it_sleeps()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        fleet.Nodes[1].Facts = fleet.Nodes[1].Facts with { MemoryBytes = 1 << 20 };
        await fleet.RestartSiloAsync(fleet.Nodes[1]);

        await RefusedAsync(fleet, id, "node-1", "insufficient_resources", "insufficient memory");

        Assert.Equal(0, fleet.Node.Faults.Passed(NodeStep.StandbyBegins));
    }

    [Fact]
    public async Task One_that_was_made_for_its_node_stays_there()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await fleet.RunningAsync(Some.Spec() with { Placement = new() { Node = "node-0" } });

        await RefusedAsync(fleet, id, null, "invalid_state", "its placement.node is 'node-0'");
    }

    [Fact]
    public async Task One_that_is_busy_is_refused_and_says_with_what()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.StopBegins);
        await fleet.Grains.Instance(id).StopAsync();
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await RefusedAsync(fleet, id, null, "invalid_state", "in the middle of its stop");

        hold.Release();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
    }

    [Fact]
    public async Task What_is_not_there_is_not_found()
    {
        await using var fleet = await TestFleet.StartAsync();
        await RefusedAsync(fleet, "nobody", null, "not_found", "instance nobody not found");
    }

    private static async Task RefusedAsync(TestFleet fleet, string id, string? node, string code, string message)
    {
        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.InstanceFactory().MoveAsync(id, new MoveSpec { Node = node }));
        Assert.Equal(code, refused.Code);
        Assert.Contains(message, refused.Message, StringComparison.Ordinal);
    }

    /// <summary>On the first node, and free to leave it.</summary>
    private static async Task<string> RunningAsync(TestFleet fleet)
    {
        await fleet.Grains.Node("node-1").CordonAsync();
        var id = await fleet.RunningAsync();
        await fleet.Grains.Node("node-1").UncordonAsync();
        return id;
    }

    private static Task MovedAsync(TestFleet fleet, string id, InstancePhase phase) => Until.True(
        async () => await fleet.TryGetAsync(id) is { Home: "node-1", Operation: null } info
            && info.Phase == phase && InstanceGoal.Move.ProgressOf(info) == Progress.Done,
        TestFleet.Patience, $"{id} is {phase} on the other node");
}

using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Nodes.Draining;

/// <summary>All that lives on a node goes elsewhere, whatever dies on the way, and what does not go is said with its reason.</summary>
public sealed class DrainTests
{
    [Fact]
    public async Task A_plan_says_what_would_go_where_and_what_would_not_and_changes_nothing()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 3);
        var stopped = await StoppedAsync(fleet);
        var running = await RunningAsync(fleet);
        var pinned = await StoppedAsync(fleet, new PlacementSpec { Node = "node-0" });
        var writes = fleet.Storage.Writes;
        var row = await fleet.Index.GetAsync(ResourceKind.Node, "node-0");

        var plan = await fleet.Grains.Node("node-0").PlanDrainAsync(DrainRunning.Leave);
        var hard = await fleet.Grains.Node("node-0").PlanDrainAsync(DrainRunning.Restart);

        var move = Assert.Single(plan.Moves, move => move.Kind == DrainKind.Instance);
        Assert.Equal((stopped, false), (move.Id, move.Restart));
        Assert.Contains(move.Target, (string[])["node-1", "node-2"]);
        Assert.Contains("it runs", Assert.Single(plan.Left, left => left.Id == running).Reason, StringComparison.Ordinal);
        Assert.Contains("placement.node", Assert.Single(plan.Left, left => left.Id == pinned).Reason, StringComparison.Ordinal);
        Assert.True(Assert.Single(hard.Moves, move => move.Id == running).Restart);
        Assert.Equal(pinned, Assert.Single(hard.Left).Id);
        Assert.Equal((writes, row), (fleet.Storage.Writes, await fleet.Index.GetAsync(ResourceKind.Node, "node-0")));
    }

    [Fact]
    public async Task A_plan_gives_the_same_room_away_once()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        await RoomForAsync(fleet, fleet.Nodes[1], instances: 1);
        await RunningAsync(fleet);
        await RunningAsync(fleet);

        var plan = await fleet.Grains.Node("node-0").PlanDrainAsync(DrainRunning.Restart);

        Assert.Single(plan.Moves, move => move.Kind == DrainKind.Instance);
        Assert.Contains("insufficient memory", Assert.Single(plan.Left).Reason, StringComparison.Ordinal);
    }

    [Fact]
    public async Task What_rests_goes_what_runs_is_left_and_the_node_is_cordoned()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 3);
        var stopped = new List<string>();
        for (var at = 0; at < 5; at++)
            stopped.Add(await StoppedAsync(fleet));
        var running = await RunningAsync(fleet);

        Assert.Null((await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Leave)).FinishedAt);
        var drain = await EndsAsync(fleet);

        Assert.Equal((5, 0, null), (drain.MovedInstances, drain.Moving.Count, drain.CancelledAt));
        Assert.Equal(running, Assert.Single(drain.Left).Id);
        foreach (var id in stopped)
            await IsElsewhereAsync(fleet, id, InstancePhase.Stopped);
        Assert.Equal("node-0", (await fleet.RestsAsync(running, InstancePhase.Running)).Home);
        await IsAsync(fleet, NodeCondition.Cordoned);
        Assert.NotEqual("node-0", (await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())).Home);
    }

    [Fact]
    public async Task Where_it_is_allowed_what_runs_is_restarted_elsewhere_and_images_go_too()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2, prepare: node => node.Images.Lose(Some.Digest));
        var id = await RunningAsync(fleet);
        var image = (await fleet.Index.GetAsync(ResourceKind.Image, Some.ImageName))!.Home!;
        var other = image == "node-0" ? "node-1" : "node-0";
        await fleet.Grains.Node(image).DrainAsync(DrainRunning.Restart);

        var drain = await EndsAsync(fleet, image);

        Assert.Empty(drain.Left);
        Assert.Equal(1, drain.MovedImages);
        Assert.Equal((other, "Ready"), await HomeAndStateAsync(fleet, ResourceKind.Image, Some.ImageName));
        Assert.NotNull(fleet.Nodes.Single(node => node.Facts.NodeId == other).Images.FindRoot(Some.Digest));
        Assert.Equal(other, (await fleet.RestsAsync(id, InstancePhase.Running)).Home);
        await fleet.KillSiloAsync(fleet.Nodes.Single(node => node.Facts.NodeId == image));
        Assert.Equal(other, (await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())).Home);
    }

    [Fact]
    public async Task A_few_move_at_the_same_time_and_progress_is_told()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        for (var at = 0; at < 4; at++)
            await StoppedAsync(fleet);
        var first = fleet.Nodes[1].Faults.HoldOnce(NodeStep.ChunkArrives);
        var second = fleet.Nodes[1].Faults.HoldOnce(NodeStep.ChunkArrives);
        await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Leave);
        await Task.WhenAll(first.Reached, second.Reached).WaitAsync(TestFleet.Patience);

        var view = await fleet.Grains.NodeCatalog().GetAsync("node-0");

        Assert.Equal((NodeCondition.Draining, 2, 0), (view.Condition, view.Info.Drain!.Moving.Count, view.Info.Drain.MovedInstances));
        Assert.Equal(2, fleet.Nodes[1].Faults.Passed(NodeStep.ChunkArrives));
        first.Release();
        second.Release();
        Assert.Equal(4, (await EndsAsync(fleet)).MovedInstances);
    }

    [Theory]
    [InlineData(0, NodeStep.StopBegins)]
    [InlineData(0, NodeStep.StopDone)]
    [InlineData(0, NodeStep.HandOverBegins)]
    [InlineData(0, NodeStep.DeleteBegins)]
    [InlineData(1, NodeStep.ReceiveBegins)]
    [InlineData(1, NodeStep.ChunkArrives)]
    [InlineData(1, NodeStep.ReceiveDone)]
    [InlineData(1, NodeStep.StartBegins)]
    public async Task It_goes_on_after_either_silo_was_killed_at_any_step(int at, NodeStep step)
    {
        foreach (var killed in (int[])[0, 1])
        {
            await using var fleet = await TestFleet.StartAsync(nodes: 2);
            var running = await RunningAsync(fleet);
            var stopped = await StoppedAsync(fleet);
            var hold = fleet.Nodes[at].Faults.HoldOnce(step);
            await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Restart);
            await hold.Reached.WaitAsync(TestFleet.Patience);
            await fleet.KillSiloAsync(fleet.Nodes[killed]);
            if (killed == at)
                hold.Abandon();
            else
                hold.Release();
            await fleet.StartSiloAsync(fleet.Nodes[killed]);

            var drain = await EndsAsync(fleet);

            Assert.Equal((2, 0), (drain.MovedInstances, drain.Left.Count));
            await IsElsewhereAsync(fleet, running, InstancePhase.Running);
            await IsElsewhereAsync(fleet, stopped, InstancePhase.Stopped);
        }
    }

    [Theory]
    [InlineData(0, NodeStep.StopBegins)]
    [InlineData(1, NodeStep.ReceiveBegins)]
    [InlineData(1, NodeStep.ChunkArrives)]
    public async Task A_cancel_calls_back_what_is_on_its_way(int at, NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        var hold = fleet.Nodes[at].Faults.HoldOnce(step);
        await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Restart);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.Grains.Node("node-0").CancelDrainAsync();
        var drain = await EndsAsync(fleet);

        Assert.NotNull(drain.CancelledAt);
        await Until.True(
            async () => await fleet.TryGetAsync(id) is { Home: "node-0", Phase: InstancePhase.Running, Operation: null },
            TestFleet.Patience, "it runs at home");
        await Until.True(() => fleet.Nodes[1].Vms.Find(id) is null, TestFleet.Patience, "the other node has nothing of it");
        await IsAsync(fleet, NodeCondition.Cordoned);
    }

    [Fact]
    public async Task A_cancel_is_carried_out_also_when_the_silo_was_killed_over_it()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await StoppedAsync(fleet);
        var hold = fleet.Nodes[1].Faults.HoldOnce(NodeStep.ChunkArrives);
        await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Leave);
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Node);
        await Until.True(async () => await TryAsync(() => fleet.Grains.Node("node-0").CancelDrainAsync()), TestFleet.Patience, "the drain is cancelled");

        await fleet.StartSiloAsync(fleet.Node);
        await EndsAsync(fleet);

        Assert.Equal("node-0", (await fleet.RestsAsync(id, InstancePhase.Stopped)).Home);
    }

    [Fact]
    public async Task What_fails_again_and_again_is_left_with_the_reason_and_as_it_was()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await RunningAsync(fleet);
        for (var at = 0; at < 3; at++)
            fleet.Nodes[1].Faults.FailOnce(NodeStep.ChunkArrives, NodeErrorKind.InsufficientResources);

        await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Restart);
        var drain = await EndsAsync(fleet);

        Assert.Equal("ChunkArrives was made to fail (3 attempts)", Assert.Single(drain.Left).Reason);
        Assert.Equal("node-0", (await fleet.RestsAsync(id, InstancePhase.Running)).Home);
    }

    [Fact]
    public async Task What_fits_nowhere_goes_on_running_where_it_is()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        await RoomForAsync(fleet, fleet.Nodes[1], instances: 1);
        var ids = new[] { await RunningAsync(fleet), await RunningAsync(fleet) };
        var stops = fleet.Node.Faults.Passed(NodeStep.StopBegins);

        await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Restart);
        var drain = await EndsAsync(fleet);

        Assert.Equal(1, drain.MovedInstances);
        Assert.Contains("insufficient memory", Assert.Single(drain.Left).Reason, StringComparison.Ordinal);
        Assert.Equal(stops + 1, fleet.Node.Faults.Passed(NodeStep.StopBegins));
        foreach (var id in ids)
            await fleet.RestsAsync(id, InstancePhase.Running);
    }

    [Fact]
    public async Task While_it_drains_a_node_cannot_be_uncordoned_and_afterwards_it_can()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        await StoppedAsync(fleet);
        var hold = fleet.Nodes[1].Faults.HoldOnce(NodeStep.ChunkArrives);
        var node = fleet.Grains.Node("node-0");
        await node.DrainAsync(DrainRunning.Leave);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        Assert.Equal("invalid_state", (await Assert.ThrowsAsync<HypemanException>(node.UncordonAsync)).Code);
        await node.CordonAsync();
        Assert.Equal(NodeCondition.Draining, (await fleet.Grains.NodeCatalog().GetAsync("node-0")).Condition);
        hold.Release();
        await EndsAsync(fleet);
        Assert.Equal("invalid_state", (await Assert.ThrowsAsync<HypemanException>(node.CancelDrainAsync)).Code);
        await node.UncordonAsync();

        await IsAsync(fleet, NodeCondition.Ready);
        Assert.Null((await fleet.Grains.NodeCatalog().GetAsync("node-0")).Info.Drain);
    }

    [Fact]
    public async Task A_node_that_is_away_is_drained_when_it_is_back()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var id = await StoppedAsync(fleet);
        await fleet.KillSiloAsync(fleet.Node);
        await Until.True(
            async () => await TryAsync(() => fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Leave)), TestFleet.Patience, "the drain is ordered");

        await fleet.StartSiloAsync(fleet.Node);

        Assert.Equal(1, (await EndsAsync(fleet)).MovedInstances);
        await IsElsewhereAsync(fleet, id, InstancePhase.Stopped);
    }

    [Fact]
    public async Task Without_other_nodes_or_a_way_to_them_nothing_is_stopped_for_it()
    {
        await StaysAsync(nodes: 1, hasPeers: true, "no node takes instances now");
        await StaysAsync(nodes: 2, hasPeers: false, "without a cluster identity");
    }

    private static async Task StaysAsync(int nodes, bool hasPeers, string why)
    {
        await using var fleet = await TestFleet.StartAsync(nodes, hasPeers: hasPeers);
        var id = await RunningAsync(fleet);

        await fleet.Grains.Node("node-0").DrainAsync(DrainRunning.Restart);
        var drain = await EndsAsync(fleet);

        Assert.Contains(why, Assert.Single(drain.Left, left => left.Id == id).Reason, StringComparison.Ordinal);
        Assert.Equal((InstancePhase.Running, 0), ((await fleet.Grains.Instance(id).GetAsync()).Phase, fleet.Node.Faults.Passed(NodeStep.StopBegins)));
    }

    private static async Task<NodeDrain> EndsAsync(TestFleet fleet, string node = "node-0")
    {
        NodeDrain? drain = null;
        await Until.True(
            async () =>
            {
                var row = await fleet.Index.GetAsync(ResourceKind.Node, node);
                drain = ResourceSummary.Read<NodeInfo>(row!).Drain;
                return drain?.FinishedAt is not null;
            },
            TestFleet.Patience, $"the drain of {node} has ended");
        return drain!;
    }

    /// <summary>On the second node or a later one, and there only.</summary>
    private static async Task IsElsewhereAsync(TestFleet fleet, string id, InstancePhase phase)
    {
        var info = await fleet.RestsAsync(id, phase);
        Assert.NotEqual("node-0", info.Home);
        await Until.True(
            () => fleet.Nodes.Where(node => node.Vms.Find(id) is not null).Select(node => node.Facts.NodeId).SequenceEqual([info.Home]),
            TestFleet.Patience, $"only {info.Home} has {id}");
        Assert.Equal([1, 2, 3], fleet.Nodes.Single(node => node.Facts.NodeId == info.Home).Vms.Disk(id)!);
    }

    private static Task IsAsync(TestFleet fleet, NodeCondition condition) => Until.True(
        async () => (await fleet.Grains.NodeCatalog().GetAsync("node-0")).Condition == condition, TestFleet.Patience, $"node-0 is {condition}");

    /// <summary>Made on the first node, free to go elsewhere unless <paramref name="placement"/> says otherwise.</summary>
    private static async Task<string> RunningAsync(TestFleet fleet, PlacementSpec? placement = null)
    {
        // The others take nothing meanwhile.
        foreach (var other in fleet.Nodes.Skip(1))
            await CordonAsync(fleet, other.Facts.NodeId, NodeAdmission.Cordoned);
        var made = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec() with { Placement = placement });
        foreach (var other in fleet.Nodes.Skip(1))
            await CordonAsync(fleet, other.Facts.NodeId, NodeAdmission.Ready);
        await fleet.RestsAsync(made.Id, InstancePhase.Running);
        fleet.Node.Vms.WriteDisk(made.Id, [1, 2, 3]);
        return made.Id;
    }

    private static async Task CordonAsync(TestFleet fleet, string node, NodeAdmission admission)
    {
        await (admission == NodeAdmission.Ready ? fleet.Grains.Node(node).UncordonAsync() : fleet.Grains.Node(node).CordonAsync());
        await Until.True(
            async () => (await fleet.Grains.NodeCatalog().GetAsync(node)).Info.Admission == admission, TestFleet.Patience, $"{node} is {admission}");
    }

    private static async Task<string> StoppedAsync(TestFleet fleet, PlacementSpec? placement = null)
    {
        var id = await RunningAsync(fleet, placement);
        await fleet.Grains.Instance(id).StopAsync();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        return id;
    }

    private static async Task RoomForAsync(TestFleet fleet, SimulatedNode node, int instances)
    {
        node.Facts = node.Facts with { MemoryBytes = instances * Some.Spec().MemoryBytes };
        await fleet.RestartSiloAsync(node);
    }

    private static async Task<(string?, string)> HomeAndStateAsync(TestFleet fleet, ResourceKind kind, string id)
    {
        var row = (await fleet.Index.GetAsync(kind, id))!;
        return (row.Home, row.State);
    }

    private static async Task<bool> TryAsync(Func<Task> call)
    {
        try
        {
            await call();
            return true;
        }
        catch (Exception)
        {
            return false;
        }
    }
}

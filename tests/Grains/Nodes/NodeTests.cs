using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Grains.Nodes;

/// <summary>What an operator sees of nodes and does to them, also to those that are away.</summary>
public sealed class NodeTests
{
    [Fact]
    public async Task A_node_is_shown_with_what_is_promised_on_it()
    {
        await using var fleet = await TestFleet.StartAsync();
        await CreateAsync(fleet);

        var node = Assert.Single(await fleet.Grains.NodeCatalog().ListAsync());

        Assert.Equal(("node-0", NodeCondition.Ready, 1), (node.Info.Id, node.Condition, node.Load!.Instances));
        Assert.Equal(fleet.Node.Facts.MemoryBytes - Some.Spec().MemoryBytes, node.Load.FreeMemoryBytes);
        Assert.Equal(node, await fleet.Grains.NodeCatalog().GetAsync("node-0") with { SeenAt = node.SeenAt, Load = node.Load, Info = node.Info });
    }

    [Fact]
    public async Task A_cordoned_node_keeps_what_it_has_and_gets_nothing_new_also_after_its_restart()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var kept = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec() with { Placement = new() { Node = "node-0" } });
        await fleet.Grains.Node("node-0").CordonAsync();
        await IsAsync(fleet, "node-0", NodeCondition.Cordoned);
        await fleet.RestartSiloAsync(fleet.Node);
        await IsAsync(fleet, "node-0", NodeCondition.Cordoned);

        for (var at = 0; at < 4; at++)
            Assert.Equal("node-1", (await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())).Home);
        await fleet.RestsAsync(kept.Id, InstancePhase.Running);

        await fleet.Grains.Node("node-0").UncordonAsync();
        await IsAsync(fleet, "node-0", NodeCondition.Ready);
        Assert.Equal("node-0", (await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec() with { Placement = new() { Node = "node-0" } })).Home);
    }

    [Fact]
    public async Task A_node_that_was_uncordoned_takes_an_instance_at_once_on_every_silo()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        for (var round = 0; round < 4; round++)
        {
            await fleet.Grains.Node("node-0").CordonAsync();
            await Until.True(async () => await IsRefusedAsync(fleet, "node-0"), TestFleet.Patience, "the cordon is known everywhere");

            await fleet.Grains.Node("node-0").UncordonAsync();

            Assert.False(await IsRefusedAsync(fleet, "node-0"));
        }
    }

    [Fact]
    public async Task A_node_that_is_away_can_be_cordoned()
    {
        await using var fleet = await TestFleet.StartAsync();
        await fleet.KillSiloAsync(fleet.Node);
        await IsAsync(fleet, "node-0", NodeCondition.Unreachable);

        await fleet.Grains.Node("node-0").CordonAsync();
        await fleet.StartSiloAsync(fleet.Node);

        await IsAsync(fleet, "node-0", NodeCondition.Cordoned);
    }

    [Fact]
    public async Task A_reachable_node_is_not_removed()
    {
        await using var fleet = await TestFleet.StartAsync();

        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Node("node-0").RemoveAsync());

        Assert.Equal("invalid_state", refused.Code);
    }

    [Fact]
    public async Task Instances_of_a_removed_node_say_so_and_are_deleted_at_once_and_the_node_may_not_return()
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await CreateAsync(fleet);
        await fleet.KillSiloAsync(fleet.Node);
        await IsAsync(fleet, "node-0", NodeCondition.Unreachable);

        await fleet.Grains.Node("node-0").RemoveAsync();
        await IsAsync(fleet, "node-0", NodeCondition.Removed);

        var info = await fleet.Grains.Instance(id).GetAsync();
        Assert.Equal(InstancePhase.Unknown, info.Phase);
        Assert.Contains("was removed from the fleet", info.StateError, StringComparison.Ordinal);
        Assert.Equal("unavailable", (await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Instance(id).StopAsync())).Code);
        await fleet.Grains.Instance(id).DeleteAsync(graceful: true);
        Assert.Null(await fleet.TryGetAsync(id));
        Assert.Null(await fleet.Index.GetAsync(ResourceKind.Instance, id));
        var refused = await Assert.ThrowsAnyAsync<Exception>(() => fleet.StartSiloAsync(fleet.Node));
        Assert.Contains("was removed from the fleet", refused.ToString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_unknown_node_is_not_found()
    {
        await using var fleet = await TestFleet.StartAsync();

        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.NodeCatalog().GetAsync("none"))).Kind);
        Assert.Equal(ErrorKind.NotFound, (await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Node("none").CordonAsync())).Kind);
    }

    private static async Task<bool> IsRefusedAsync(TestFleet fleet, string node)
    {
        try
        {
            await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec() with { Placement = new() { Node = node } });
            return false;
        }
        catch (HypemanException refused) when (refused.Code == "invalid_state")
        {
            return true;
        }
    }

    private static async Task<string> CreateAsync(TestFleet fleet)
    {
        var made = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec());
        await fleet.RestsAsync(made.Id, InstancePhase.Running);
        return made.Id;
    }

    private static Task IsAsync(TestFleet fleet, string node, NodeCondition condition) => Until.True(
        async () => (await fleet.Grains.NodeCatalog().GetAsync(node)).Condition == condition,
        TestFleet.Patience, $"{node} is {condition}");
}

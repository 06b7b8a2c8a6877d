using Hypeman.Contracts;
using Hypeman.Contracts.Instances;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Nodes;

/// <summary>Who remembers where a grain was is told where it is.</summary>
public sealed class HomeDirectoryTests
{
    [Fact]
    public async Task After_a_node_is_back_nobody_is_told_what_its_stand_in_knew()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 3);
        var home = fleet.Nodes[0];
        var ids = new List<string>();
        for (var at = 0; at < 12; at++)
            ids.Add(await MakeAsync(fleet, home));
        await fleet.KillSiloAsync(home);
        foreach (var caller in fleet.Nodes.Skip(1))
            foreach (var id in ids)
                await IsAsync(fleet.GrainsOf(caller), id, InstancePhase.Unknown);

        await fleet.StartSiloAsync(home);
        foreach (var caller in fleet.Nodes)
            foreach (var id in ids)
                await IsAsync(fleet.GrainsOf(caller), id, InstancePhase.Running);

        // Once told the truth, always told the truth.
        foreach (var caller in fleet.Nodes)
            foreach (var id in ids)
                Assert.Equal(InstancePhase.Running, (await fleet.GrainsOf(caller).Instance(id).GetAsync()).Phase);
    }

    private static async Task<string> MakeAsync(TestFleet fleet, SimulatedNode node)
    {
        var made = await CreateAsync(fleet.Grains, node);
        await fleet.RestsAsync(made.Id, InstancePhase.Running);
        return made.Id;
    }

    private static Task<InstanceInfo> CreateAsync(IGrainFactory grains, SimulatedNode node) => grains.InstanceFactory().CreateAsync(
        Some.Spec() with { MemoryBytes = 64 << 20, OverlayBytes = 64 << 20, Placement = new() { Node = node.Facts.NodeId } });

    private static Task IsAsync(IGrainFactory grains, string id, InstancePhase phase) => Until.True(async () =>
    {
        try
        {
            return (await grains.Instance(id).GetAsync()).Phase == phase;
        }
        catch (Exception)
        {
            return false; // Nobody knows yet that the home is gone.
        }
    }, TestFleet.Patience, $"{id} is {phase}");
}

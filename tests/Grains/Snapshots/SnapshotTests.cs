using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Snapshots;

/// <summary>Snapshots are taken, outlive their source, and bring it back or others forth.</summary>
public sealed class SnapshotTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Theory]
    [InlineData(SnapshotKind.Standby, InstancePhase.Running)]
    [InlineData(SnapshotKind.Standby, InstancePhase.Standby)]
    [InlineData(SnapshotKind.Stopped, InstancePhase.Stopped)]
    public async Task A_snapshot_says_what_it_is_of_and_leaves_its_source_as_it_was(SnapshotKind kind, InstancePhase phase)
    {
        var id = await RestingAsync(Fleet, phase);
        var source = await Fleet.Grains.Instance(id).GetAsync();

        var taken = await TakenAsync(Fleet, id, kind, "first");

        Assert.Equal((id, source.Spec.Name, "qemu", "node-0"), (taken.SourceId, taken.SourceName, taken.Hypervisor, taken.Home));
        Assert.Equal((kind, "first", true), (taken.Spec.Kind, taken.Spec.Name, taken.SizeBytes > 0));
        await Fleet.RestsAsync(id, phase);
        var row = Assert.Single(await Fleet.Index.ListAsync(new ResourceQuery(ResourceKind.Snapshot)
        {
            State = "Ready",
            Tags = new Dictionary<string, string> { [SnapshotInfo.SourceTag] = id },
        }).ToListAsync());
        Assert.Equal(taken.Id, ResourceSummary.Read<SnapshotInfo>(row).Id);
    }

    [Theory]
    [InlineData(SnapshotKind.Standby, InstancePhase.Stopped)]
    [InlineData(SnapshotKind.Stopped, InstancePhase.Running)]
    [InlineData(SnapshotKind.Stopped, InstancePhase.Standby)]
    public async Task A_kind_that_does_not_fit_the_phase_is_a_conflict(SnapshotKind kind, InstancePhase phase)
    {
        var id = await RestingAsync(Fleet, phase);

        var refused = await RefusedAsync(() => TakeAsync(Fleet, id, kind));

        Assert.Equal((ErrorKind.Conflict, "conflict"), (refused.Kind, refused.Code));
        Assert.Contains($"must be {(kind == SnapshotKind.Standby ? "Running or Standby" : "Stopped")}", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_name_is_unique_for_one_instance_and_free_again_after_a_delete()
    {
        var (one, other) = (await RestingAsync(Fleet, InstancePhase.Stopped), await RestingAsync(Fleet, InstancePhase.Stopped));
        var first = await TakenAsync(Fleet, one, SnapshotKind.Stopped, "nightly");
        await TakenAsync(Fleet, other, SnapshotKind.Stopped, "nightly");

        var refused = await RefusedAsync(() => TakeAsync(Fleet, one, SnapshotKind.Stopped, "nightly"));
        await Fleet.Grains.Snapshot(first.Id).DeleteAsync();
        await IsGoneAsync(Fleet, first.Id);

        Assert.Equal((ErrorKind.Conflict, "conflict"), (refused.Kind, refused.Code));
        await TakenAsync(Fleet, one, SnapshotKind.Stopped, "nightly");
    }

    [Fact]
    public async Task A_snapshot_that_cannot_be_taken_is_gone_and_its_caller_is_told_why()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Stopped);
        Fleet.Node.Faults.FailOnce(NodeStep.SnapshotBegins, NodeErrorKind.InsufficientResources);

        var begun = await TakeAsync(Fleet, id, SnapshotKind.Stopped, "full");
        var last = await Fleet.Grains.Snapshot(begun.Id).WatchAsync(CancellationToken.None).LastAsync();

        Assert.Equal("insufficient_resources", last.Failure?.Code);
        await IsGoneAsync(Fleet, begun.Id);
        await TakenAsync(Fleet, id, SnapshotKind.Stopped, "full");
    }

    [Fact]
    public async Task What_passes_is_tried_again()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Stopped);
        Fleet.Node.Faults.FailOnce(NodeStep.SnapshotBegins, NodeErrorKind.Unavailable);

        await TakenAsync(Fleet, id, SnapshotKind.Stopped);
    }

    [Theory]
    [InlineData(NodeStep.SnapshotBegins)]
    [InlineData(NodeStep.SnapshotDone)]
    public async Task A_snapshot_is_taken_after_the_silo_was_killed(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await RestingAsync(fleet, InstancePhase.Running);
        var hold = fleet.Node.Faults.HoldOnce(step);
        var begun = await TakeAsync(fleet, id, SnapshotKind.Standby);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);

        await IsReadyAsync(fleet, begun.Id);
        Assert.Single(fleet.Node.Snapshots.List());
    }

    [Fact]
    public async Task A_delete_is_carried_out_after_the_silo_was_killed()
    {
        await using var fleet = await TestFleet.StartAsync();
        var taken = await TakenAsync(fleet, await RestingAsync(fleet, InstancePhase.Running), SnapshotKind.Standby);
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.SnapshotDeleteBegins);
        await fleet.Grains.Snapshot(taken.Id).DeleteAsync();
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);

        await IsGoneAsync(fleet, taken.Id);
        Assert.Empty(fleet.Node.Snapshots.List());
    }

    [Fact]
    public async Task While_its_node_is_away_it_is_shown_and_a_delete_is_remembered()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var taken = await TakenAsync(fleet, await RestingAsync(fleet, InstancePhase.Running, "node-0"), SnapshotKind.Standby);
        await fleet.KillSiloAsync(fleet.Nodes[0]);

        await Until.True(async () => await ShownAsync() == SnapshotPhase.Ready, TestFleet.Patience, "it is shown by a stand-in");
        await fleet.Grains.Snapshot(taken.Id).DeleteAsync();
        await fleet.StartSiloAsync(fleet.Nodes[0]);

        await IsGoneAsync(fleet, taken.Id);
        Assert.Empty(fleet.Nodes[0].Snapshots.List());

        async Task<SnapshotPhase?> ShownAsync()
        {
            try
            {
                return (await fleet.Grains.Snapshot(taken.Id).GetAsync()).Phase;
            }
            catch (HypemanException away) when (away.Kind == ErrorKind.Unavailable)
            {
                return null;
            }
        }
    }

    [Fact]
    public async Task It_outlives_its_source_and_its_image_and_brings_forth_others()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Running);
        Fleet.Node.Vms.WriteDisk(id, [7]);
        var taken = await TakenAsync(Fleet, id, SnapshotKind.Standby);
        await Fleet.Grains.Instance(id).DeleteAsync(graceful: false);
        await Fleet.IsGoneAsync(id);

        var running = await ForkAsync(Fleet, taken.Id, null);
        var asleep = await ForkAsync(Fleet, taken.Id, InstancePhase.Standby);
        var stopped = await ForkAsync(Fleet, taken.Id, InstancePhase.Stopped);

        await Fleet.RestsAsync(running.Id, InstancePhase.Running);
        await Fleet.RestsAsync(asleep.Id, InstancePhase.Standby);
        await Fleet.RestsAsync(stopped.Id, InstancePhase.Stopped);
        Assert.Equal([7], Fleet.Node.Vms.Disk(stopped.Id));
    }

    [Fact]
    public async Task A_snapshot_of_a_disk_makes_instances_that_are_stopped_or_boot_but_none_in_standby()
    {
        var taken = await TakenAsync(Fleet, await RestingAsync(Fleet, InstancePhase.Stopped), SnapshotKind.Stopped);

        await Fleet.RestsAsync((await ForkAsync(Fleet, taken.Id, null)).Id, InstancePhase.Stopped);
        await Fleet.RestsAsync((await ForkAsync(Fleet, taken.Id, InstancePhase.Running)).Id, InstancePhase.Running);
        var refused = await RefusedAsync(() => ForkAsync(Fleet, taken.Id, InstancePhase.Standby));

        Assert.Equal("invalid_request", refused.Code);
    }

    [Fact]
    public async Task A_name_that_an_instance_has_is_a_conflict_for_one_made_from_it()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Stopped);
        var taken = await TakenAsync(Fleet, id, SnapshotKind.Stopped);

        var refused = await RefusedAsync(() => Fleet.Grains.SnapshotFactory().ForkAsync(taken.Id, new ForkSpec { Name = taken.SourceName }));

        Assert.Equal((ErrorKind.Conflict, "conflict"), (refused.Kind, refused.Code));
    }

    [Fact]
    public async Task One_is_made_elsewhere_when_the_snapshots_own_node_takes_none()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var source = await RestingAsync(fleet, InstancePhase.Running);
        var home = (await fleet.Grains.Instance(source).GetAsync()).Home;
        var (here, there) = home == "node-0" ? (fleet.Nodes[0], fleet.Nodes[1]) : (fleet.Nodes[1], fleet.Nodes[0]);
        here.Vms.WriteDisk(source, [7]);
        var taken = await TakenAsync(fleet, source, SnapshotKind.Standby);
        await fleet.Grains.Node(home).CordonAsync();

        InstanceInfo? made = null;
        await Until.True(async () => (made = await ForkAsync(fleet, taken.Id, null)).Home != home, TestFleet.Patience, "it is made elsewhere");

        await fleet.RestsAsync(made!.Id, InstancePhase.Running);
        Assert.Equal([7], there.Vms.Disk(made.Id));
        Assert.Single(here.Snapshots.List());
        await Until.True(() => there.Snapshots.List().Count == 0, TestFleet.Patience, "the copy that served it is gone");
    }

    [Fact]
    public async Task A_drained_nodes_snapshots_go_too_and_are_used_there()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var source = await RestingAsync(fleet, InstancePhase.Running, "node-0");
        fleet.Nodes[0].Vms.WriteDisk(source, [7]);
        var (first, second) = (await TakenAsync(fleet, source, SnapshotKind.Standby, "first"), await TakenAsync(fleet, source, SnapshotKind.Standby));
        await fleet.Grains.Instance(source).DeleteAsync(graceful: false);
        await fleet.IsGoneAsync(source);

        await fleet.Grains.Node("node-0").DrainAsync(Hypeman.Contracts.Nodes.DrainRunning.Leave);
        await Until.True(
            async () => (await fleet.Grains.NodeCatalog().GetAsync("node-0")).Info.Drain is { FinishedAt: not null, MovedSnapshots: 2, Left.Count: 0 },
            TestFleet.Patience, "it is drained");

        await Until.True(() => fleet.Nodes[0].Snapshots.List().Count == 0, TestFleet.Patience, "nothing is left there");
        Assert.Equal("node-1", (await fleet.Grains.Snapshot(first.Id).GetAsync()).Home);
        var made = await ForkAsync(fleet, second.Id, null);
        await fleet.RestsAsync(made.Id, InstancePhase.Running);
        Assert.Equal(("node-1", 7), (made.Home, fleet.Nodes[1].Vms.Disk(made.Id)![0]));
        await fleet.Grains.Snapshot(first.Id).DeleteAsync();
        await IsGoneAsync(fleet, first.Id);
    }

    [Fact]
    public async Task A_snapshot_that_could_not_be_restored_elsewhere_stays_and_the_drain_says_why()
    {
        await using var fleet = await TestFleet.StartAsync(nodes: 2);
        var source = await RestingAsync(fleet, InstancePhase.Running, "node-0");
        var taken = await TakenAsync(fleet, source, SnapshotKind.Standby);
        fleet.Nodes[1].Vms.Machine = fleet.Nodes[1].Vms.Machine with { Processor = "another" };

        await fleet.Grains.Node("node-0").DrainAsync(Hypeman.Contracts.Nodes.DrainRunning.Leave);
        await Until.True(
            async () => (await fleet.Grains.NodeCatalog().GetAsync("node-0")).Info.Drain?.Left.Any(
                left => left.Id == taken.Id && left.Reason.Contains("processor", StringComparison.Ordinal)) == true,
            TestFleet.Patience, "the drain says why");

        Assert.Equal("node-0", (await fleet.Grains.Snapshot(taken.Id).GetAsync()).Home);
        Assert.Single(fleet.Nodes[0].Snapshots.List());
    }

    [Fact]
    public async Task What_no_record_knows_is_removed_from_the_node()
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await RestingAsync(fleet, InstancePhase.Stopped);
        await fleet.Node.Snapshots.TakeAsync("stray", id, 1, withMemory: false, CancellationToken.None);

        await Until.True(() => fleet.Node.Snapshots.List().Count == 0, TestFleet.Patience, "the stray is gone");
    }

    internal static Task<SnapshotInfo> TakeAsync(TestFleet fleet, string id, SnapshotKind kind, string? name = null) =>
        fleet.Grains.SnapshotFactory().TakeAsync(id, new SnapshotSpec { Kind = kind, Name = name });

    internal static async Task<SnapshotInfo> TakenAsync(TestFleet fleet, string id, SnapshotKind kind, string? name = null) =>
        await IsReadyAsync(fleet, (await TakeAsync(fleet, id, kind, name)).Id);

    internal static async Task<string> RestingAsync(TestFleet fleet, InstancePhase phase, string? node = null)
    {
        var spec = Some.Spec() with { Placement = node is null ? null : new PlacementSpec { Node = node } };
        var id = (await fleet.Grains.InstanceFactory().CreateAsync(spec)).Id;
        await fleet.RestsAsync(id, InstancePhase.Running);
        if (phase == InstancePhase.Running)
            return id;
        await (phase == InstancePhase.Standby ? fleet.Grains.Instance(id).StandbyAsync() : fleet.Grains.Instance(id).StopAsync());
        await fleet.RestsAsync(id, phase);
        return id;
    }

    private static Task<InstanceInfo> ForkAsync(TestFleet fleet, string id, InstancePhase? target) =>
        fleet.Grains.SnapshotFactory().ForkAsync(id, new ForkSpec { Name = Some.Name(), Target = target });

    private static async Task<SnapshotInfo> IsReadyAsync(TestFleet fleet, string id)
    {
        SnapshotInfo? info = null;
        await Until.True(
            async () => (info = await fleet.Grains.Snapshot(id).GetAsync()).Phase == SnapshotPhase.Ready, TestFleet.Patience, $"{id} is ready");
        return info!;
    }

    private static Task IsGoneAsync(TestFleet fleet, string id) => Until.True(
        async () =>
        {
            try
            {
                await fleet.Grains.Snapshot(id).GetAsync();
                return false;
            }
            catch (HypemanException gone) when (gone.Kind == ErrorKind.NotFound)
            {
                return await fleet.Index.GetAsync(ResourceKind.Snapshot, id) is null;
            }
        },
        TestFleet.Patience, $"{id} is gone");

    private static Task<HypemanException> RefusedAsync(Func<Task> call) => Assert.ThrowsAsync<HypemanException>(call);
}

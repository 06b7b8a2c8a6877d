using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>An instance is made as a copy of another one, and both live on apart.</summary>
public sealed class InstanceForkTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Theory]
    [InlineData(InstancePhase.Running, null, InstancePhase.Running)]
    [InlineData(InstancePhase.Running, InstancePhase.Standby, InstancePhase.Standby)]
    [InlineData(InstancePhase.Running, InstancePhase.Stopped, InstancePhase.Stopped)]
    [InlineData(InstancePhase.Standby, null, InstancePhase.Standby)]
    [InlineData(InstancePhase.Standby, InstancePhase.Running, InstancePhase.Running)]
    [InlineData(InstancePhase.Standby, InstancePhase.Stopped, InstancePhase.Stopped)]
    [InlineData(InstancePhase.Stopped, null, InstancePhase.Stopped)]
    [InlineData(InstancePhase.Stopped, InstancePhase.Running, InstancePhase.Running)]
    public async Task A_copy_becomes_what_is_wished_and_its_source_stays_as_it_was(InstancePhase source, InstancePhase? wish, InstancePhase expected)
    {
        var id = await RestingAsync(Fleet, source, Some.Spec() with { Tags = new Dictionary<string, string> { ["of"] = "source" } });
        var before = await Fleet.Grains.Instance(id).GetAsync();
        Fleet.Node.Vms.WriteDisk(id, [4, 2]);

        var begun = await ForkAsync(Fleet, id, wish, fromRunning: true);
        var copy = await Fleet.RestsAsync(begun.Id, expected);

        Assert.Equal(ResourceSummary.Write(before.Spec with { Name = copy.Spec.Name }), ResourceSummary.Write(copy.Spec));
        Assert.Equal((before.Home, before.Image, before.Hypervisor, null), (copy.Home, copy.Image, copy.Hypervisor, copy.Failure));
        Assert.Equal([4, 2], Fleet.Node.Vms.Disk(copy.Id));
        if (expected != InstancePhase.Stopped)
            Assert.NotEqual(before.Ip, copy.Ip);
        var after = await Fleet.RestsAsync(id, source);
        Assert.Equal((before.Ip, before.StartedAt), (after.Ip, after.StartedAt));
    }

    [Fact]
    public async Task A_running_source_has_to_be_allowed_and_an_impossible_target_is_named()
    {
        var running = await RestingAsync(Fleet, InstancePhase.Running);
        var stopped = await RestingAsync(Fleet, InstancePhase.Stopped);

        var live = await RefusedAsync(() => ForkAsync(Fleet, running, null, fromRunning: false));
        var target = await RefusedAsync(() => ForkAsync(Fleet, stopped, InstancePhase.Standby));
        var nothing = await RefusedAsync(() => ForkAsync(Fleet, "nobody", null));

        Assert.Equal((ErrorKind.Conflict, "invalid_state"), (live.Kind, live.Code));
        Assert.Contains("from_running", live.Message, StringComparison.Ordinal);
        Assert.Equal((ErrorKind.InvalidRequest, "invalid_request"), (target.Kind, target.Code));
        Assert.Contains("target_state", target.Message, StringComparison.Ordinal);
        Assert.Equal(ErrorKind.NotFound, nothing.Kind);
    }

    [Fact]
    public async Task One_that_stands_still_while_it_is_copied_is_copied_again()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Running);
        var seen = Fleet.Node.Vms.Find(id)!.ToObservation();
        await Fleet.Grains.Instance(id).ObserveAsync(seen with { Phase = InstancePhase.Paused });
        Assert.Equal(InstancePhase.Paused, (await Fleet.Grains.Instance(id).GetAsync()).Phase);

        var begun = await ForkAsync(Fleet, id, null, fromRunning: true);

        await Fleet.RestsAsync(begun.Id, InstancePhase.Running);
        var snapshot = await Fleet.Grains.SnapshotFactory().TakeAsync(id, new SnapshotSpec { Name = "while-paused", Kind = SnapshotKind.Standby });
        Assert.Equal(id, snapshot.SourceId);
    }

    [Fact]
    public async Task A_name_that_is_taken_is_a_conflict()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Stopped);
        var name = (await Fleet.Grains.Instance(id).GetAsync()).Spec.Name;

        var refused = await RefusedAsync(() => Fleet.Grains.InstanceFactory().ForkAsync(id, new ForkSpec { Name = name }));

        Assert.Equal((ErrorKind.Conflict, "name_conflict"), (refused.Kind, refused.Code));
    }

    [Fact]
    public async Task A_copy_with_memory_needs_an_agent_and_one_of_the_disk_does_not()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Running, Some.Spec() with { SkipGuestAgent = true });

        var refused = await RefusedAsync(() => ForkAsync(Fleet, id, null, fromRunning: true));
        var copy = await ForkAsync(Fleet, id, InstancePhase.Stopped, fromRunning: true);

        Assert.Equal((ErrorKind.NotSupported, "not_supported"), (refused.Kind, refused.Code));
        await Fleet.RestsAsync(copy.Id, InstancePhase.Stopped);
    }

    [Fact]
    public async Task A_copy_that_cannot_be_made_is_gone_and_its_caller_is_told_why()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Standby);
        Fleet.Node.Faults.FailOnce(NodeStep.ForkBegins, NodeErrorKind.InsufficientResources);

        var begun = await ForkAsync(Fleet, id, null);
        var last = await Fleet.Grains.Instance(begun.Id).WatchAsync(CancellationToken.None).LastAsync();

        Assert.Equal("insufficient_resources", last.Failure?.Code);
        await Fleet.IsGoneAsync(begun.Id);
        Assert.Null(Fleet.Node.Vms.Find(begun.Id));
        await Fleet.RestsAsync(id, InstancePhase.Standby);
    }

    [Fact]
    public async Task A_source_that_is_not_in_a_phase_for_it_any_more_is_not_waited_for()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Standby);
        Fleet.Node.Faults.FailOnce(NodeStep.ForkBegins, NodeErrorKind.WrongPhase);

        var begun = await ForkAsync(Fleet, id, null);
        var last = await Fleet.Grains.Instance(begun.Id).WatchAsync(CancellationToken.None).LastAsync();

        Assert.Equal("invalid_state", last.Failure?.Code);
    }

    [Theory]
    [InlineData(NodeStep.ForkBegins)]
    [InlineData(NodeStep.ForkDone)]
    [InlineData(NodeStep.RestoreBegins)]
    [InlineData(NodeStep.RestoreDone)]
    public async Task A_copy_is_made_after_the_silo_was_killed_at_any_step(NodeStep step)
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await RestingAsync(fleet, InstancePhase.Standby);
        var hold = fleet.Node.Faults.HoldOnce(step);
        var begun = await ForkAsync(fleet, id, InstancePhase.Running);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);

        await fleet.RestsAsync(begun.Id, InstancePhase.Running);
        await fleet.RestsAsync(id, InstancePhase.Standby);
    }

    [Fact]
    public async Task A_copy_that_is_being_made_takes_no_command_but_delete()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Standby);
        var hold = Fleet.Node.Faults.HoldOnce(NodeStep.ForkBegins);
        var begun = await ForkAsync(Fleet, id, InstancePhase.Running);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        var refused = await RefusedAsync(() => Fleet.Grains.Instance(begun.Id).StopAsync());
        await Fleet.Grains.Instance(begun.Id).DeleteAsync(graceful: true);

        Assert.Contains("copy", refused.Message, StringComparison.Ordinal);
        await Fleet.IsGoneAsync(begun.Id);
        hold.Release();
        Assert.Null(Fleet.Node.Vms.Find(begun.Id));
    }

    [Fact]
    public async Task A_copy_that_is_not_to_run_takes_no_memory_and_one_for_which_there_is_none_is_refused()
    {
        await using var fleet = await TestFleet.StartAsync();
        fleet.Node.Facts = fleet.Node.Facts with { MemoryBytes = Some.Spec().MemoryBytes };
        await fleet.RestartSiloAsync(fleet.Node);
        var id = await RestingAsync(fleet, InstancePhase.Running);

        var refused = await RefusedAsync(() => ForkAsync(fleet, id, InstancePhase.Running, fromRunning: true));
        var asleep = await ForkAsync(fleet, id, InstancePhase.Standby, fromRunning: true);

        Assert.Equal("insufficient_resources", refused.Code);
        await fleet.RestsAsync(asleep.Id, InstancePhase.Standby);
    }

    [Fact]
    public async Task A_copy_is_not_made_on_a_node_that_takes_no_instances()
    {
        await using var fleet = await TestFleet.StartAsync();
        var id = await RestingAsync(fleet, InstancePhase.Standby);
        await fleet.Grains.Node("node-0").CordonAsync();

        await Until.True(async () => await TriedAsync() == "invalid_state", TestFleet.Patience, "the cordon is known");

        async Task<string?> TriedAsync()
        {
            try
            {
                await ForkAsync(fleet, id, InstancePhase.Standby);
                return null;
            }
            catch (HypemanException refused)
            {
                return refused.Code;
            }
        }
    }

    [Fact]
    public async Task Copies_have_machine_ids_of_their_own_that_stay()
    {
        var id = await RestingAsync(Fleet, InstancePhase.Stopped);
        var one = Hypeman.Grains.Instances.InstanceFork.MachineIdOf((await ForkAsync(Fleet, id, null)).Id);
        var other = Hypeman.Grains.Instances.InstanceFork.MachineIdOf(id);

        Assert.NotEqual(one, other);
        Assert.Equal(other, Hypeman.Grains.Instances.InstanceFork.MachineIdOf(id));
        Assert.Matches("^[0-9a-f]{32}$", one);
    }

    private static Task<InstanceInfo> ForkAsync(TestFleet fleet, string id, InstancePhase? target, bool fromRunning = false) =>
        fleet.Grains.InstanceFactory().ForkAsync(id, new ForkSpec { Name = Some.Name(), FromRunning = fromRunning, Target = target });

    private static Task<HypemanException> RefusedAsync(Func<Task> call) => Assert.ThrowsAsync<HypemanException>(call);

    private static async Task<string> RestingAsync(TestFleet fleet, InstancePhase phase, InstanceSpec? spec = null)
    {
        var id = await fleet.RunningAsync(spec);
        if (phase == InstancePhase.Running)
            return id;
        await (phase == InstancePhase.Standby ? fleet.Grains.Instance(id).StandbyAsync() : fleet.Grains.Instance(id).StopAsync());
        await fleet.RestsAsync(id, phase);
        return id;
    }
}

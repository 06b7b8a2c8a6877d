using System.Net;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Grains.Instances.Idle;

/// <summary>Instances that nobody uses are put to sleep by the silo of their home, and none that somebody uses.</summary>
public sealed class IdleTests
{
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(2);
    private static readonly TimeSpan Step = TimeSpan.FromSeconds(5);
    private static readonly AutoStandbyPolicy Policy = new() { Enabled = true, IdleTimeout = Timeout, IgnoredPorts = [9100] };

    private readonly FakeTimeProvider _time = new(Some.Time);

    [Fact]
    public async Task One_that_nobody_uses_is_put_to_sleep_when_its_time_is_over_and_wakes_as_it_was()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        await StaysAwakeAsync(fleet, id, Timeout - 4 * Step);

        await FallsAsleepAsync(fleet, id);
        await fleet.Grains.Instance(id).RestoreAsync();
        await fleet.RestsAsync(id, InstancePhase.Running);

        Assert.Equal(AutoStandbyState.IdleCountdown, (await fleet.Grains.Instance(id).AutoStandbyAsync()).State);
        await FallsAsleepAsync(fleet, id);
    }

    [Fact]
    public async Task One_that_is_used_stays_awake_and_its_time_begins_when_that_ends()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        Use(fleet, id, 80);
        await StaysAwakeAsync(fleet, id, 3 * Timeout);
        var active = await fleet.Grains.Instance(id).AutoStandbyAsync();
        Use(fleet, id);
        var idle = await fleet.Grains.Instance(id).AutoStandbyAsync();

        await StaysAwakeAsync(fleet, id, Timeout - 4 * Step);
        await FallsAsleepAsync(fleet, id);

        Assert.Equal((AutoStandbyState.Active, 1), (active.State, active.Connections));
        Assert.Equal(AutoStandbyState.IdleCountdown, idle.State);
        Assert.True(idle.IdleSince >= active.LastUseAt - TimeSpan.FromSeconds(2));
    }

    [Fact]
    public async Task What_its_policy_ignores_does_not_keep_it_awake()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        Use(fleet, id, 9100);

        await FallsAsleepAsync(fleet, id);
    }

    [Fact]
    public async Task One_that_is_used_at_the_last_moment_is_left_awake_and_nothing_has_failed()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.StandbyBegins);
        await Until.True(
            () =>
            {
                _time.Advance(Step);
                return hold.Reached.IsCompleted;
            },
            TestFleet.Patience, "it is about to be put to sleep");

        Assert.Equal(AutoStandbyState.StandbyRequested, (await fleet.Grains.Instance(id).AutoStandbyAsync()).State);
        Assert.Equal("instance_in_standby", (await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Instance(id).HoldAsync())).Code);
        Use(fleet, id, 80);
        hold.Release();

        var awake = await fleet.RestsAsync(id, InstancePhase.Running);
        Assert.Equal((null, 0), (awake.Failure, fleet.Node.Vms.Find(id)!.Restores));
        await StaysAwakeAsync(fleet, id, 2 * Timeout);
    }

    [Fact]
    public async Task A_hold_keeps_it_awake()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        await StaysAwakeAsync(fleet, id, Timeout - 4 * Step);

        var held = await fleet.Grains.Instance(id).HoldAsync();

        Assert.Equal(_time.GetUtcNow() + Timeout, held.HoldUntil);
        await StaysAwakeAsync(fleet, id, Timeout - 4 * Step);
        await FallsAsleepAsync(fleet, id);
        Assert.Equal("instance_in_standby", (await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.Instance(id).HoldAsync())).Code);
    }

    [Fact]
    public async Task When_it_was_last_used_survives_the_end_of_its_silo_and_so_does_a_hold()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        Use(fleet, id, 80);
        await StaysAwakeAsync(fleet, id, 2 * Timeout);
        var held = await fleet.Grains.Instance(id).HoldAsync();
        var lastUse = (await fleet.Grains.Instance(id).AutoStandbyAsync()).LastUseAt!.Value;
        await fleet.KillSiloAsync(fleet.Node);
        Use(fleet, id);
        await fleet.StartSiloAsync(fleet.Node);
        await fleet.RestsAsync(id, InstancePhase.Running);

        var back = await fleet.Grains.Instance(id).AutoStandbyAsync();

        Assert.Equal((AutoStandbyState.IdleCountdown, held.HoldUntil), (back.State, back.HoldUntil));
        Assert.InRange(back.IdleSince!.Value, lastUse - TimeSpan.FromMinutes(1), lastUse);
        await FallsAsleepAsync(fleet, id);
    }

    [Fact]
    public async Task Not_more_than_so_many_are_put_to_sleep_at_a_time_and_all_sleep_in_the_end()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        fleet.Node.Facts = fleet.Node.Facts with { MemoryBytes = 1L << 40, DiskBytes = 1L << 45 };
        await fleet.RestartSiloAsync(fleet.Node);
        var ids = new List<string>();
        for (var number = 0; number < 20; number++)
            ids.Add(await RunningAsync(fleet));
        var holds = ids.Select(_ => fleet.Node.Faults.HoldOnce(NodeStep.StandbyBegins)).ToList();

        await StaysAwakeAsync(fleet, ids[^1], Timeout - 4 * Step);
        await Until.True(
            () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return holds.Count(hold => hold.Reached.IsCompleted) == 16;
            },
            TestFleet.Patience, "as many as may are being put to sleep");
        var looks = fleet.Node.Vms.Looks;
        _time.Advance(Step);
        await Until.True(() => fleet.Node.Vms.Looks > looks, TestFleet.Patience, "the monitor has looked again");
        Assert.Equal(16, holds.Count(hold => hold.Reached.IsCompleted));
        holds.ForEach(hold => hold.Release());

        foreach (var id in ids)
            await FallsAsleepAsync(fleet, id);
    }

    [Fact]
    public async Task A_node_that_cannot_tell_who_uses_its_instances_puts_none_to_sleep()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        fleet.Node.Vms.ActivityFault = new NodeException(NodeErrorKind.Internal, "the kernel does not say");

        await StaysAwakeAsync(fleet, id, 2 * Timeout);
        var blind = await fleet.Grains.Instance(id).AutoStandbyAsync();
        fleet.Node.Vms.ActivityFault = null;

        Assert.Equal((AutoStandbyState.Error, AutoStandbyReason.ObserverError), (blind.State, blind.Reason));
        await FallsAsleepAsync(fleet, id);
    }

    private static Task<string> RunningAsync(TestFleet fleet) => fleet.RunningAsync(Some.Spec() with { AutoStandby = Policy });

    private static void Use(TestFleet fleet, string id, params int[] ports) => fleet.Node.Vms.Activity[id] = VmActivity.None with
    {
        Flows = [.. ports.Select(port => new VmFlow(IPAddress.Parse("192.0.2.1"), port, IsOpen: true, Some.Time))],
    };

    private static async Task<(InstancePhase, string?)> PhaseAsync(TestFleet fleet, string id) =>
        await fleet.Grains.Instance(id).GetAsync() is var info ? (info.Phase, info.Operation) : default;

    /// <summary>Time passes, and the monitor looks all the while.</summary>
    private async Task StaysAwakeAsync(TestFleet fleet, string id, TimeSpan time)
    {
        for (var end = _time.GetUtcNow() + time; _time.GetUtcNow() < end;)
        {
            var looks = fleet.Node.Vms.Looks;
            _time.Advance(Step);
            await Until.True(() => fleet.Node.Vms.Looks > looks, TestFleet.Patience, "the monitor has looked");
        }
        Assert.Equal((InstancePhase.Running, null), await PhaseAsync(fleet, id));
    }

    private async Task FallsAsleepAsync(TestFleet fleet, string id)
    {
        await Until.True(
            async () =>
            {
                _time.Advance(TimeSpan.FromSeconds(1));
                return (await fleet.TryGetAsync(id)) is { Operation: null, Phase: InstancePhase.Standby };
            },
            TestFleet.Patience, $"instance {id} sleeps");
    }
}

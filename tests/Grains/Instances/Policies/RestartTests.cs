using Hypeman.Contracts;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Grains.Instances.Policies;

/// <summary>An instance with a restart policy comes back, also when our process was away when it ended.</summary>
public sealed class RestartTests
{
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(5);

    private readonly FakeTimeProvider _time = new(Some.Time);

    [Fact]
    public async Task It_is_started_again_when_its_backoff_is_over()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);

        fleet.Node.Vms.Exit(id, 1);
        var waiting = await fleet.RestsAsync(id, InstancePhase.Stopped);
        _time.Advance(Backoff);
        var running = await fleet.RestsAsync(id, InstancePhase.Running);

        Assert.Equal((0, Some.Time + Backoff), (waiting.Restart!.Attempts, waiting.Restart.NextAttemptAt));
        Assert.Equal((1, Some.Time + Backoff, null), (running.Restart!.Attempts, running.Restart.LastAttemptAt, running.Restart.NextAttemptAt));
        Assert.Equal(2, fleet.Node.Vms.Find(id)!.Boot);
    }

    [Fact]
    public async Task One_that_ends_again_and_again_is_left_alone_at_last()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet, most: 2);
        for (var attempt = 1; attempt <= 2; attempt++)
        {
            fleet.Node.Vms.Exit(id, 1);
            await fleet.RestsAsync(id, InstancePhase.Stopped);
            _time.Advance(Backoff);
            await fleet.RestsAsync(id, InstancePhase.Running);
        }

        fleet.Node.Vms.Exit(id, 1);
        var blocked = await fleet.RestsAsync(id, InstancePhase.Stopped);
        await fleet.Grains.Instance(id).StartAsync(new InstanceStartSpec());
        var started = await fleet.RestsAsync(id, InstancePhase.Running);

        Assert.Equal(RestartBlock.MaxAttemptsExceeded, blocked.Restart!.Blocked);
        Assert.Equal(RestartStatus.None, started.Restart);
    }

    [Fact]
    public async Task One_that_ended_while_its_silo_was_dead_is_started_when_that_is_back()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        await fleet.KillSiloAsync(fleet.Node);
        fleet.Node.Vms.Exit(id, 1);
        await fleet.StartSiloAsync(fleet.Node);

        await fleet.RestsAsync(id, InstancePhase.Stopped);
        _time.Advance(Backoff);

        Assert.Equal(1, (await fleet.RestsAsync(id, InstancePhase.Running)).Restart!.Attempts);
    }

    [Fact]
    public async Task An_attempt_that_was_due_while_its_silo_was_dead_is_made_once_when_that_is_back()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        fleet.Node.Vms.Exit(id, 1);
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        await fleet.KillSiloAsync(fleet.Node);
        _time.Advance(10 * Backoff);

        await fleet.StartSiloAsync(fleet.Node);

        Assert.Equal(1, (await fleet.RestsAsync(id, InstancePhase.Running)).Restart!.Attempts);
        Assert.Equal(2, fleet.Node.Vms.Find(id)!.Boot);
    }

    [Fact]
    public async Task An_attempt_that_its_silo_did_not_survive_is_carried_on_and_counts_once()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        fleet.Node.Vms.Exit(id, 1);
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.StartBegins);
        _time.Advance(Backoff);
        await hold.Reached.WaitAsync(TestFleet.Patience);
        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);

        Assert.Equal(1, (await fleet.RestsAsync(id, InstancePhase.Running)).Restart!.Attempts);
    }

    [Fact]
    public async Task One_that_was_stopped_stays_stopped_and_one_that_was_deleted_is_gone()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var (stopped, deleted) = (await RunningAsync(fleet), await RunningAsync(fleet));
        await fleet.Grains.Instance(stopped).StopAsync();
        fleet.Node.Vms.Exit(deleted, 1);
        await fleet.RestsAsync(deleted, InstancePhase.Stopped);
        await fleet.Grains.Instance(deleted).DeleteAsync(graceful: true);
        await fleet.IsGoneAsync(deleted);

        _time.Advance(10 * Backoff);
        await fleet.RestartSiloAsync(fleet.Node);

        Assert.Equal(RestartBlock.ManualStop, (await fleet.RestsAsync(stopped, InstancePhase.Stopped)).Restart!.Blocked);
        Assert.Null(fleet.Node.Vms.Find(deleted));
    }

    [Fact]
    public async Task An_attempt_for_which_the_node_has_no_room_is_followed_by_another()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        fleet.Node.Facts = fleet.Node.Facts with { MemoryBytes = Some.Spec().MemoryBytes };
        await fleet.RestartSiloAsync(fleet.Node);
        var id = await RunningAsync(fleet);
        fleet.Node.Vms.Exit(id, 1);
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        var other = (await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())).Id;
        await fleet.RestsAsync(other, InstancePhase.Running);

        _time.Advance(Backoff);
        await Until.True(
            async () => (await fleet.TryGetAsync(id))?.Restart?.Attempts == 1, TestFleet.Patience, "the first attempt was made");
        var refused = await fleet.RestsAsync(id, InstancePhase.Stopped);
        await fleet.Grains.Instance(other).DeleteAsync(graceful: true);
        await fleet.IsGoneAsync(other);
        _time.Advance(Backoff);

        Assert.Equal("insufficient_resources", refused.Failure?.Code);
        Assert.Equal(2, (await fleet.RestsAsync(id, InstancePhase.Running)).Restart!.Attempts);
    }

    [Fact]
    public async Task A_copy_has_the_policy_of_its_source_and_not_its_count()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet);
        fleet.Node.Vms.Exit(id, 1);
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        _time.Advance(Backoff);
        await fleet.RestsAsync(id, InstancePhase.Running);

        var copy = await fleet.Grains.InstanceFactory().ForkAsync(id, new ForkSpec { Name = Some.Name(), FromRunning = true });

        var info = await fleet.RestsAsync(copy.Id, InstancePhase.Running);
        Assert.Equal(RestartMode.OnFailure, info.Spec.RestartPolicy?.Mode);
        Assert.Equal(0, info.Restart!.Attempts);
    }

    private static Task<string> RunningAsync(TestFleet fleet, int most = 0) => fleet.RunningAsync(
        Some.Spec() with { RestartPolicy = new RestartPolicy { Mode = RestartMode.OnFailure, Backoff = Backoff, MaxAttempts = most } });
}

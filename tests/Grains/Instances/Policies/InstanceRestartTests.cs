using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Instances.Policies;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances.Policies;

/// <summary>When an instance that has ended is started again, and when it is left alone.</summary>
public sealed class InstanceRestartTests
{
    private static readonly DateTimeOffset Now = Some.Time.AddMinutes(1);
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(5);

    [Theory]
    [InlineData("never", 1, false)]
    [InlineData("Always", 0, true)]
    [InlineData("Always", 1, true)]
    [InlineData("OnFailure", 0, false)]
    [InlineData("OnFailure", 1, true)]
    [InlineData("OnFailure", 137, true)]
    [InlineData("OnFailure", null, true)]
    public void One_that_has_ended_is_started_again_after_its_backoff_if_its_policy_says_so(string policy, int? exitCode, bool expected)
    {
        var ended = Ended(Running(policy), exitCode, Now);

        Assert.Equal(expected ? Now + Backoff : null, ended.Restart.NextAttemptAt);
        Assert.Equal(expected ? Now + Backoff : null, InstanceAgenda.DueAt(ended));
        Assert.Same(ended, InstanceRestart.Start(ended, Now));
        var after = InstanceRestart.Start(ended, Now + Backoff);
        Assert.Equal(expected ? OperationKind.Start : null, after.Operation?.Kind);
        Assert.Equal(expected ? (1, Now + Backoff, (DateTimeOffset?)null) : (0, null, null),
            (after.Restart.Attempts, after.Restart.LastAttemptAt, after.Restart.NextAttemptAt));
    }

    [Fact]
    public void After_so_many_attempts_in_a_row_it_is_left_alone_until_somebody_starts_it()
    {
        var state = Running("OnFailure", most: 2);
        for (var attempt = 1; attempt <= 2; attempt++)
            state = Restarted(Ended(state, 1, Now), Now + Backoff);

        var blocked = Ended(state, 1, Now + Backoff);

        Assert.Equal((2, null, RestartBlock.MaxAttemptsExceeded), (blocked.Restart.Attempts, blocked.Restart.NextAttemptAt, blocked.Restart.Blocked));
        Assert.Null(InstanceAgenda.DueAt(blocked));
        Assert.Equal(RestartStatus.None, InstanceLifecycle.Start(blocked, new InstanceStartSpec(), Now).Restart);
    }

    [Fact]
    public void Having_run_for_long_it_begins_to_count_anew()
    {
        var state = Restarted(Ended(Running("Always"), 1, Now), Now + Backoff);
        var due = InstanceAgenda.DueAt(state)!.Value;

        Assert.Equal(state.Clock.Since + TimeSpan.FromMinutes(10), due);
        Assert.Equal(1, InstanceObservation.Correct(state, due - TimeSpan.FromTicks(1)).Restart.Attempts);
        Assert.Equal(RestartStatus.None, InstanceObservation.Correct(state, due).Restart);
        // Nobody may have looked when it was due.
        Assert.Equal(0, Ended(state, 1, due).Restart.Attempts);
        Assert.Equal(1, Ended(state, 1, due - TimeSpan.FromMinutes(1)).Restart.Attempts);
    }

    [Fact]
    public void One_that_was_stopped_by_hand_stays_so_whatever_its_policy_becomes()
    {
        var stopped = Stopped(InstanceLifecycle.Stop(Running("Always"), Now));

        var changed = InstanceUpdates.Apply(stopped, new InstanceUpdate { RestartPolicy = new() { Mode = RestartMode.OnFailure } }, Now);

        Assert.Equal((RestartBlock.ManualStop, null), (stopped.Restart.Blocked, stopped.Restart.NextAttemptAt));
        Assert.Equal(RestartBlock.ManualStop, changed.Restart.Blocked);
        Assert.Null(InstanceAgenda.DueAt(changed));
        Assert.Null(InstanceLifecycle.Start(changed, new InstanceStartSpec(), Now).Restart.Blocked);
    }

    [Fact]
    public void A_stop_while_it_waits_for_its_next_attempt_is_taken_and_there_is_none()
    {
        var stopped = InstanceLifecycle.Stop(Ended(Running("Always"), 1, Now), Now);

        Assert.Equal((null, RestartBlock.ManualStop, null), (stopped.Operation, stopped.Restart.Blocked, InstanceAgenda.DueAt(stopped)));
        Assert.Equal(InstancePhase.Stopped, stopped.Phase());
    }

    [Fact]
    public void Another_policy_looks_anew_at_one_that_has_ended_and_the_same_one_changes_nothing()
    {
        var ended = Ended(Running("never"), 1, Now);
        var policy = new RestartPolicy { Mode = RestartMode.OnFailure, MaxAttempts = 1 };

        var waiting = InstanceUpdates.Apply(ended, new InstanceUpdate { RestartPolicy = policy }, Now);
        var blocked = Ended(Restarted(waiting, Now + Backoff), 1, Now + Backoff);

        Assert.Equal(Now + Backoff, waiting.Restart.NextAttemptAt);
        Assert.Same(blocked, InstanceUpdates.Apply(blocked, new InstanceUpdate { RestartPolicy = policy }, Now));
        Assert.Equal(
            (0, null, Now + Backoff), Status(InstanceUpdates.Apply(blocked, new InstanceUpdate { RestartPolicy = policy with { MaxAttempts = 2 } }, Now)));
        Assert.Equal(
            (0, null, null), Status(InstanceUpdates.Apply(waiting, new InstanceUpdate { RestartPolicy = new() { Mode = RestartMode.Never } }, Now)));
    }

    [Fact]
    public void An_attempt_that_fails_or_for_which_there_is_no_room_counts_and_is_followed_by_another()
    {
        var why = new InstanceFailure(ErrorKind.NotSupported, "not_supported", "no");
        var waiting = Ended(Running("Always"), 1, Now);
        var attempt = InstanceRestart.Start(waiting, Now + Backoff);

        var failed = InstanceLifecycle.Failed(attempt, why, passing: false, Now + Backoff);
        var refused = InstanceRestart.Refused(waiting, why, Now + Backoff);

        Assert.Equal((1, null, Now + 2 * Backoff), Status(failed));
        Assert.Equal((1, null, Now + 2 * Backoff), Status(refused));
        Assert.Equal((why, why), (failed.Failure, refused.Failure));
    }

    [Fact]
    public void A_start_by_hand_that_fails_is_not_tried_again()
    {
        var started = InstanceLifecycle.Start(Ended(Running("Always"), 1, Now), new InstanceStartSpec(), Now);

        var failed = InstanceLifecycle.Failed(started, new InstanceFailure(ErrorKind.NotSupported, "not_supported", "no"), passing: false, Now);

        Assert.Null(InstanceAgenda.DueAt(failed));
    }

    [Fact]
    public void One_whose_disk_is_lost_is_not_started_as_another_one()
    {
        var lost = InstanceObservation.ObserveAbsent(Running("Always"), Now);

        Assert.Null(InstanceAgenda.DueAt(lost));
    }

    [Fact]
    public void A_copy_that_is_to_be_stopped_is_not_started_by_its_policy()
    {
        var order = Some.Order() with { Target = InstancePhase.Stopped, Origin = new InstanceOrigin { InstanceId = "source", Hypervisor = "qemu" } };

        Assert.Equal(RestartBlock.ManualStop, InstanceLifecycle.Create("copy", order, "qemu", Now).Restart.Blocked);
    }

    [Fact]
    public void One_that_died_while_it_was_to_be_saved_has_ended_by_itself()
    {
        var saving = InstanceLifecycle.Standby(Running("Always"), null, Hypeman.Contracts.Snapshots.SnapshotCompression.Off, Now);
        saving = InstanceObservation.Observe(saving, saving.Observed with { Phase = ObservedPhase.Stopped, ExitedAt = Now }, Now);
        var failed = InstanceLifecycle.Failed(saving, new InstanceFailure(ErrorKind.Internal, "internal_error", "gone"), passing: false, Now);

        Assert.Equal(Now + Backoff, InstanceObservation.Correct(failed, Now).Restart.NextAttemptAt);
    }

    internal static InstanceState Running(string policy, int most = 0)
    {
        var state = InstanceLifecycleTests.State("none", "Running");
        return policy == "never" ? state : state with
        {
            Spec = state.Spec with
            {
                RestartPolicy = new RestartPolicy { Mode = Enum.Parse<RestartMode>(policy), Backoff = Backoff, MaxAttempts = most },
            },
        };
    }

    internal static InstanceState Ended(InstanceState state, int? exitCode, DateTimeOffset now) => InstanceObservation.Observe(
        state, state.Observed with { Phase = ObservedPhase.Stopped, ExitCode = exitCode, ExitedAt = now }, now);

    private static InstanceState Stopped(InstanceState stopping) => InstanceLifecycle.Done(
        stopping with { Observed = stopping.Observed with { Phase = ObservedPhase.Stopped, ExitedAt = Now } }, Now);

    /// <summary>The attempt was made and the instance runs.</summary>
    private static InstanceState Restarted(InstanceState waiting, DateTimeOffset now)
    {
        var begun = InstanceRestart.Start(waiting, now);
        var running = InstanceObservation.Observe(
            begun, new ObservedVm { Phase = ObservedPhase.Running, Epoch = begun.Epoch, Boot = begun.Boot, StartedAt = now }, now);
        return InstanceLifecycle.Done(running, now);
    }

    private static (int Attempts, RestartBlock? Blocked, DateTimeOffset? Next) Status(InstanceState state) =>
        (state.Restart.Attempts, state.Restart.Blocked, state.Restart.NextAttemptAt);
}

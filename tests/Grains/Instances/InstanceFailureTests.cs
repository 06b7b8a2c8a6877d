using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Instances;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>What comes after an attempt that failed, and what observation and time make of an instance.</summary>
public sealed class InstanceFailureTests
{
    private static readonly InstanceFailure Failure = new(ErrorKind.Unavailable, "unavailable", "no");
    private static readonly DateTimeOffset Soon = Some.Time.AddSeconds(1);
    private static readonly DateTimeOffset TooLate = Some.Time.AddHours(1);

    [Theory]
    [InlineData("Create", true, false, "Create")]
    [InlineData("Create", false, false, "Delete")]
    [InlineData("Create", true, true, "Delete")]
    [InlineData("Start", true, false, "Start")]
    [InlineData("Start", false, false, null)]
    [InlineData("Start", true, true, null)]
    [InlineData("Stop", true, false, "Stop")]
    [InlineData("Stop", false, false, "Stop")]
    [InlineData("Stop", true, true, null)]
    [InlineData("Standby", true, false, null)]
    [InlineData("Standby", false, true, null)]
    [InlineData("Restore", true, false, "Restore")]
    [InlineData("Restore", false, false, null)]
    [InlineData("Restore", true, true, null)]
    [InlineData("Delete", true, false, "Delete")]
    [InlineData("Delete", false, false, "Delete")]
    [InlineData("Delete", false, true, "Delete")]
    public void A_failure_is_followed_by_what_fits_the_operation(string kind, bool passing, bool late, string? expected)
    {
        var state = InstanceLifecycleTests.State(kind, "Absent");

        var next = InstanceLifecycle.Failed(state, Failure, passing, late ? TooLate : Soon);

        Assert.Equal(expected, next.Operation?.Kind.ToString());
        Assert.Equal(Failure, next.ToInfo().Failure);
        Assert.True(next.Version > state.Version);
        if (expected == kind)
            Assert.Equal(1, next.Operation!.Failures);
    }

    [Fact]
    public void A_new_attempt_is_a_new_boot_so_that_the_end_of_the_failed_one_is_ignored()
    {
        var again = InstanceLifecycle.Failed(InstanceLifecycleTests.State("Create", "Absent"), Failure, passing: true, Soon);
        var ended = new ObservedVm { Phase = ObservedPhase.Stopped, Epoch = 1, Boot = 1, ExitCode = 1 };

        Assert.Equal(2, again.Boot);
        Assert.Same(again, InstanceObservation.Observe(again, ended, Soon));
        // But what runs, runs: the attempt only seemed to fail.
        var running = InstanceObservation.Observe(again, ended with { Phase = ObservedPhase.Running, ExitCode = null }, Soon);
        Assert.Equal((InstancePhase.Running, 2), (running.Phase(), running.Boot));
    }

    [Fact]
    public void A_stop_that_overtook_an_attempt_sees_the_end_of_the_boot_that_ran()
    {
        var state = InstanceLifecycleTests.State("Stop", "Running") with { Boot = 2 };
        var ended = state.Observed with { Phase = ObservedPhase.Stopped };

        Assert.Equal(InstancePhase.Stopped, InstanceObservation.Observe(state, ended, Soon).Phase());
    }

    [Theory]
    [InlineData(0, 1)]
    [InlineData(1, 0)]
    public void News_of_an_older_owner_or_boot_is_ignored(long epoch, long boot)
    {
        var state = InstanceLifecycleTests.State("none", "Running");

        var same = InstanceObservation.Observe(
            state, new ObservedVm { Phase = ObservedPhase.Stopped, Epoch = epoch, Boot = boot }, Soon);

        Assert.Same(state, same);
    }

    public static IEnumerable<TheoryDataRow<string, string>> Pairs() =>
        from earlier in Enum.GetNames<ObservedPhase>()
        from later in Enum.GetNames<ObservedPhase>()
        select new TheoryDataRow<string, string>(earlier, later);

    [Theory, MemberData(nameof(Pairs))]
    public void Within_a_boot_a_vm_only_goes_on(string earlierName, string laterName)
    {
        var (earlier, later) = (Enum.Parse<ObservedPhase>(earlierName), Enum.Parse<ObservedPhase>(laterName));
        var before = new ObservedVm { Phase = earlier, Epoch = 1, Boot = 1 };
        var after = before with { Phase = later };

        // Exactly one order of two different phases is believed, except that Unknown and Paused come and go.
        if (earlier == later || earlier is ObservedPhase.Unknown or ObservedPhase.Paused)
            Assert.True(after.Follows(before) || earlier == ObservedPhase.Stopped);
        else if (later == ObservedPhase.Unknown)
            Assert.Equal(earlier != ObservedPhase.Stopped, after.Follows(before));
        else if (later == ObservedPhase.Paused)
            Assert.Equal(earlier < ObservedPhase.Standby, after.Follows(before));
        else
            Assert.NotEqual(after.Follows(before), before.Follows(after));
        Assert.True((after with { Restores = 1 }).Follows(before));
        Assert.True((after with { Boot = 2 }).Follows(before with { Restores = 3 }));
        Assert.True((after with { Epoch = 2, Boot = 0 }).Follows(before));
    }

    [Fact]
    public void A_program_that_ended_is_not_wanted_to_run_any_more()
    {
        var state = InstanceLifecycleTests.State("none", "Running");
        var seen = new ObservedVm
        {
            Phase = ObservedPhase.Stopped,
            Epoch = 1,
            Boot = 1,
            ExitCode = 137,
            ExitMessage = "killed",
            ExitedAt = Soon,
        };

        var ended = InstanceObservation.Observe(state, seen, TooLate);

        Assert.Equal(InstanceIntent.Stopped, ended.Intent);
        Assert.Equal((137, Soon), (ended.ToInfo().ExitCode, ended.ToInfo().StoppedAt));
        Assert.Same(ended, InstanceObservation.Correct(ended, TooLate));
    }

    [Fact]
    public void A_vm_that_is_not_wanted_is_stopped()
    {
        var state = InstanceLifecycleTests.State("none", "Running") with { Intent = InstanceIntent.Stopped };

        Assert.Equal(OperationKind.Stop, InstanceObservation.Correct(state, Soon).Operation?.Kind);
    }

    [Fact]
    public void A_guest_that_is_not_ready_in_time_is_noted_once_and_forgiven_when_it_is()
    {
        var booting = InstanceLifecycleTests.State("none", "Booting");

        Assert.Same(booting, InstanceObservation.Correct(booting, Soon));
        var late = InstanceObservation.Correct(booting, TooLate);
        Assert.Equal(InstancePhase.Initializing, late.Phase());
        Assert.Contains("has not become ready", late.ToInfo().StateError, StringComparison.Ordinal);
        Assert.Same(late, InstanceObservation.Correct(late, TooLate));
        var ready = InstanceObservation.Observe(late, late.Observed with { Phase = ObservedPhase.Running }, TooLate);
        Assert.Null(ready.ToInfo().StateError);
    }

    [Fact]
    public void A_vm_that_does_not_go_away_after_its_guest_is_ended()
    {
        var ending = InstanceLifecycleTests.State("none", "Ending");

        Assert.Same(ending, InstanceObservation.Correct(ending, Soon));
        Assert.False(InstanceObservation.Correct(ending, TooLate).Operation!.Graceful);
    }

    [Fact]
    public void A_vm_that_its_node_lost_is_said_to_be_lost()
    {
        var state = InstanceLifecycleTests.State("none", "Running");

        var lost = InstanceObservation.ObserveAbsent(state, Soon);

        Assert.Equal((InstancePhase.Stopped, "vm_missing"), (lost.Phase(), lost.Failure?.Code));
        Assert.Same(lost, InstanceObservation.ObserveAbsent(lost, Soon));
        var starting = InstanceLifecycleTests.State("Create", "Absent");
        Assert.Same(starting, InstanceObservation.ObserveAbsent(starting, Soon));
    }

    [Fact]
    public void Time_is_accounted_to_the_phase_it_was_spent_in()
    {
        var clock = PhaseClock.Begin(InstancePhase.Created, Some.Time)
            .To(InstancePhase.Running, Some.Time.AddMilliseconds(30))
            .To(InstancePhase.Running, Some.Time.AddMilliseconds(40))
            .To(InstancePhase.Stopped, Some.Time.AddMilliseconds(100))
            .To(InstancePhase.Running, Some.Time.AddMilliseconds(90))
            .To(InstancePhase.Stopped, Some.Time.AddMilliseconds(95));

        Assert.Equal(new Dictionary<string, long> { ["created"] = 30, ["running"] = 75, ["stopped"] = 0 }, clock.SpentMs);
    }

    [Fact]
    public void Pauses_between_attempts_grow_and_end_growing()
    {
        var pauses = Enumerable.Range(1, 40).Select(InstanceTiming.Backoff).ToList();

        Assert.Equal(TimeSpan.FromMilliseconds(200), pauses[0]);
        Assert.Equal(pauses.Order(), pauses);
        Assert.Equal(TimeSpan.FromSeconds(15), pauses[^1]);
    }
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Instances;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>What becomes of an instance that moves: whoever fails, the node with the good disk is known.</summary>
public sealed class InstanceMoveDecisionTests
{
    private static readonly DateTimeOffset Now = Some.Time.AddMinutes(1);
    private static readonly InstanceFailure Failure = new(ErrorKind.Unavailable, "unavailable", "it does not answer");

    [Theory]
    [InlineData("none", "Stopped", false, true)]
    [InlineData("none", "Stopped", true, true)]
    [InlineData("none", "Standby", false, true)]
    [InlineData("none", "Paused", true, false)]
    [InlineData("none", "Running", true, true)]
    [InlineData("none", "Booting", true, true)]
    [InlineData("none", "Running", false, false)]
    [InlineData("none", "Booting", false, false)]
    [InlineData("none", "Absent", true, false)]
    [InlineData("none", "Ending", true, false)]
    [InlineData("none", "Unknown", true, false)]
    [InlineData("Create", "Absent", true, false)]
    [InlineData("Start", "Stopped", true, false)]
    [InlineData("Stop", "Running", true, false)]
    [InlineData("Delete", "Stopped", true, false)]
    [InlineData("Move", "Stopped", true, false)]
    public void It_can_be_moved_at_rest_and_when_it_runs_if_that_is_allowed(string inFlight, string observed, bool restart, bool allowed)
    {
        var state = InstanceLifecycleTests.State(inFlight, observed);

        var refused = Record.Exception(() => InstanceMove.Begin(state, "node-1", restart ? DrainRunning.Restart : DrainRunning.Leave, Now)) as HypemanException;

        Assert.Equal(allowed ? null : "invalid_state", refused?.Code);
    }

    [Fact]
    public void It_is_not_moved_to_where_it_is() =>
        Assert.Throws<HypemanException>(() => InstanceMove.Begin(InstanceLifecycleTests.State("none", "Stopped"), "node-0", DrainRunning.Leave, Now));

    [Theory]
    [InlineData("Stopped")]
    [InlineData("Running")]
    public void Each_change_of_home_is_a_new_epoch_and_the_good_disk_is_known(string observed)
    {
        var gone = Departed(observed);
        Assert.Equal(("node-1", "node-0", 2, OperationKind.Move), (gone.Home, gone.MovedFrom, gone.Epoch, gone.Operation!.Kind));

        var arrived = InstanceMove.Arrive(gone, Now);
        Assert.Equal(("node-1", null, 2), (arrived.Home, arrived.MovedFrom, arrived.Epoch));
        Assert.Equal(observed == "Running" ? OperationKind.Start : null, arrived.Operation?.Kind);
        Assert.Equal(observed == "Running" ? 2 : 1, arrived.Boot);

        var back = InstanceMove.Cancel(gone, Now);
        Assert.Equal(("node-0", null, 3), (back.Home, back.MovedFrom, back.Epoch));
        Assert.Equal(observed == "Running" ? OperationKind.Start : null, back.Operation?.Kind);
        Assert.Equal("the move was cancelled", back.MoveError);
    }

    [Fact]
    public void Before_it_has_left_it_stays_with_its_owner()
    {
        var begun = Begun("Running");

        var stayed = InstanceMove.Cancel(begun, Now);

        Assert.Equal(("node-0", null, 1, OperationKind.Start), (stayed.Home, stayed.MovedFrom, stayed.Epoch, stayed.Operation!.Kind));
        Assert.Equal(begun.StartedAt, stayed.StartedAt);
    }

    [Fact]
    public void It_is_too_late_to_cancel_one_that_has_arrived()
    {
        var arrived = InstanceMove.Arrive(Departed("Running"), Now);

        Assert.Same(arrived, InstanceMove.Cancel(arrived, Now));
    }

    [Fact]
    public void A_move_holds_the_memory_of_what_is_to_run_again_and_of_nothing_else()
    {
        Assert.Equal(0, InstanceDemand.Of(Departed("Stopped")).MemoryBytes);
        Assert.Equal(Some.Spec().MemoryBytes, InstanceDemand.Of(Departed("Running") with { Observed = ObservedVm.None }).MemoryBytes);
    }

    [Theory]
    [InlineData(true, 0, "node-1")]
    [InlineData(false, 0, "node-0")]
    [InlineData(true, 299, "node-1")]
    [InlineData(true, 300, "node-0")]
    public void A_failure_at_the_new_home_is_borne_until_the_old_one_was_silent_for_long(bool passing, int seconds, string home)
    {
        var failed = InstanceLifecycle.Failed(Departed("Stopped"), Failure, passing, Now.AddSeconds(seconds));

        Assert.Equal(home, failed.Home);
        Assert.Equal(home == "node-1" ? null : "it does not answer", failed.MoveError);
        Assert.Equal(home == "node-1" ? 1 : null, failed.Operation?.Failures);
    }

    [Fact]
    public void What_the_old_home_gave_counts_as_a_word_but_not_for_ever()
    {
        var late = Now.AddMinutes(90);
        var heard = InstanceMove.Heard(Departed("Stopped"), late, late);

        Assert.Equal("node-1", InstanceLifecycle.Failed(heard, Failure, passing: true, late.AddMinutes(4)).Home);
        var end = Now + InstanceTiming.Deadline(OperationKind.Move);
        heard = InstanceMove.Heard(heard, end, end);
        Assert.Equal("node-0", InstanceLifecycle.Failed(heard, Failure, passing: true, end).Home);
    }

    [Fact]
    public void A_failure_at_the_old_home_ends_it_there()
    {
        var begun = Begun("Stopped");

        Assert.Equal(OperationKind.Move, InstanceLifecycle.Failed(begun, Failure, passing: true, Now).Operation?.Kind);
        var stayed = InstanceLifecycle.Failed(begun, Failure, passing: false, Now);
        Assert.Equal((null, "it does not answer", null), (stayed.Operation, stayed.MoveError, stayed.Failure));
        Assert.Null(InstanceLifecycle.Failed(begun, Failure, passing: true, Now + InstanceTiming.Departure).Operation);
    }

    [Theory]
    [InlineData(false, 0, false)]
    [InlineData(true, 0, true)]
    [InlineData(false, 300, true)]
    public void When_the_new_home_is_lost_the_old_one_is_home_again(bool isRemoved, int seconds, bool comesHome)
    {
        var gone = Departed("Stopped");

        var seen = InstanceMove.GiveUpLost(gone, isRemoved, Now.AddSeconds(seconds));

        Assert.Equal(comesHome ? "node-0" : "node-1", seen.Home);
    }

    [Fact]
    public void One_that_has_arrived_or_is_deleted_is_not_taken_from_a_home_that_is_lost()
    {
        var arrived = InstanceMove.Arrive(Departed("Running"), Now);
        var deleted = InstanceLifecycle.Delete(Departed("Stopped"), graceful: false, Now);

        Assert.Same(arrived, InstanceMove.GiveUpLost(arrived, isRemoved: true, Now));
        Assert.Same(deleted, InstanceMove.GiveUpLost(deleted, isRemoved: true, Now));
        Assert.Equal("node-0", deleted.MovedFrom);
    }

    [Fact]
    public void Why_an_instance_is_Stopped_is_not_forgotten_over_a_move()
    {
        var failed = InstanceLifecycleTests.State("none", "Stopped") with { Failure = Failure };

        var arrived = InstanceMove.Arrive(InstanceMove.Depart(InstanceMove.Begin(failed, "node-1", DrainRunning.Leave, Now), Now), Now);

        Assert.Equal(Failure, arrived.Failure);
    }

    [Theory]
    [InlineData("Standby", "Restore", 1)]
    [InlineData("Stopped", "Start", 2)]
    public void One_that_slept_for_the_way_goes_on_there_and_one_that_did_not_is_started(string rested, string expected, long boot)
    {
        var begun = InstanceMove.Begin(InstanceLifecycleTests.State("none", "Running"), "node-1", DrainRunning.Suspend, Now);
        Assert.True(begun.Operation is { Suspend: true, Restart: true });
        var gone = InstanceMove.Depart(begun with { Observed = begun.Observed with { Phase = Enum.Parse<ObservedPhase>(rested) } }, Now);

        var (arrived, back) = (InstanceMove.Arrive(gone, Now), InstanceMove.Cancel(gone, Now));

        Assert.Equal((expected, boot, InstanceIntent.Running), (arrived.Operation!.Kind.ToString(), arrived.Boot, arrived.Intent));
        Assert.Equal((expected, boot, InstanceIntent.Running), (back.Operation!.Kind.ToString(), back.Boot, back.Intent));
    }

    [Fact]
    public void One_that_only_just_boots_has_no_memory_worth_moving() => Assert.False(
        InstanceMove.Begin(InstanceLifecycleTests.State("none", "Booting"), "node-1", DrainRunning.Suspend, Now).Operation!.Suspend);

    private static InstanceState Begun(string observed) =>
        InstanceMove.Begin(InstanceLifecycleTests.State("none", observed), "node-1", DrainRunning.Restart, Now);

    private static InstanceState Departed(string observed) => InstanceMove.Depart(Begun(observed), Now);
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Instances.Policies;

namespace Hypeman.Grains.Instances;

/// <summary>What news from the node, and the passing of time, make of an instance. Pure, like its lifecycle.</summary>
internal static class InstanceObservation
{
    /// <summary>Takes in what the node saw; the same state when that is old or no news.</summary>
    public static InstanceState Observe(InstanceState state, ObservedVm seen, DateTimeOffset now)
    {
        if (seen.Epoch < state.Epoch || !seen.Follows(state.Observed) || seen == state.Observed || IsEndOfTheBootBefore(state, seen))
            return state;
        var isWell = seen.Phase == ObservedPhase.Running && state.Operation is null;
        var next = state with
        {
            Boot = Math.Max(state.Boot, seen.Boot),
            Observed = seen,
            StartedAt = seen.StartedAt ?? state.StartedAt,
            Failure = isWell ? null : state.Failure,
        };
        return InstanceLifecycle.Moved(InstanceLifecycle.WithoutWishForTheEnded(next, now), now);
    }

    /// <summary>The node, asked, holds no such VM. News only when it had one and nothing is being made.</summary>
    public static InstanceState ObserveAbsent(InstanceState state, DateTimeOffset now)
    {
        if (state.Observed.Phase == ObservedPhase.Absent || state.Operation is not null)
            return state;
        var lost = new InstanceFailure(
            ErrorKind.Internal, "vm_missing", $"node {state.Home} no longer holds the VM and disk of this instance");
        var next = state with { Observed = state.Observed with { Phase = ObservedPhase.Absent, Boot = state.Boot }, Failure = lost };
        return InstanceLifecycle.Moved(InstanceLifecycle.WithoutWishForTheEnded(next, now), now);
    }

    /// <summary>
    /// Compares what is wanted with what is, at rest: begins the operation that is missing, or notes what takes too
    /// long. One that has expired is deleted over everything else. Needs no hint of what happened, so that it is right after any crash.
    /// </summary>
    public static InstanceState Correct(InstanceState state, DateTimeOffset now)
    {
        state = InstanceExpiry.Enforce(state, now);
        state = InstanceRestart.Settle(state, now);
        if (state.Operation is not null)
            return state;
        var stay = now - state.Clock.Since;
        return (state.Intent, state.Observed.Phase) switch
        {
            (InstanceIntent.Gone, _) => InstanceLifecycle.Delete(state, graceful: false, now),
            (InstanceIntent.Stopped, ObservedPhase.Booting or ObservedPhase.Running or ObservedPhase.Standby) =>
                InstanceLifecycle.Begin(state, OperationKind.Stop, graceful: true, now),
            (InstanceIntent.Running, ObservedPhase.Stopped) =>
                InstanceLifecycle.Moved(InstanceLifecycle.WithoutWishForTheEnded(state, now), now),
            (_, ObservedPhase.Ending) when stay > InstanceTiming.Ending =>
                InstanceLifecycle.Begin(state, OperationKind.Stop, graceful: false, now),
            (InstanceIntent.Running, ObservedPhase.Booting) when stay > InstanceTiming.Boot && state.Failure is null =>
                InstanceLifecycle.Moved(state with { Failure = Late }, now),
            _ => state,
        };
    }

    // A start has put it behind; its exit must not show up again. An older boot that still runs is news, though: an
    // attempt that seemed to fail may have worked, and the node then starts no second one.
    private static bool IsEndOfTheBootBefore(InstanceState state, ObservedVm seen) =>
        state.Operation?.Kind is OperationKind.Create or OperationKind.Start or OperationKind.Fork or OperationKind.Revert
        && seen.Boot < state.Boot && seen.Phase == ObservedPhase.Stopped;

    private static readonly InstanceFailure Late = new(
        ErrorKind.TimedOut, "timeout",
        $"the guest has not become ready within {InstanceTiming.Boot.TotalMinutes:0} minutes; its log may say why");
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;

namespace Hypeman.Grains.Instances;

/// <summary>
/// The moving of an instance from one node to another, as pure functions like its lifecycle.
/// <code>
///   at the old home              at the new home
///   Begin ──────▶ Depart ──────▶ (disk follows) ──────▶ Arrive ──▶ at rest, or started
///     │ failed,                       │ failed for long,
///     ▼ cancelled                     ▼ cancelled
///   Stay: at rest, or              GoHome: as Stay, and the
///   started again                  old home is home again
/// </code>
/// The home changes first, so that there is one owner at any time; until the disk has arrived, nothing but that is done
/// there, and the disk of the old home is the good one, with the memory of one that sleeps or was put to sleep for the way
/// (<see cref="InstanceState.MovedFrom"/>). Each change of home is a new epoch.
/// </summary>
internal static class InstanceMove
{
    /// <param name="state">Of the instance.</param>
    /// <param name="target">The new home.</param>
    /// <param name="running">What may be done to one that runs, for it to be moved.</param>
    /// <param name="now">The time.</param>
    /// <exception cref="HypemanException"><c>invalid_state</c> when it cannot be moved now.</exception>
    public static InstanceState Begin(InstanceState state, string target, DrainRunning running, DateTimeOffset now)
    {
        if (state.Operation is { } busy)
            throw HypemanException.InvalidState($"cannot be moved while its {busy.Kind.ToString().ToLowerInvariant()} is under way");
        var runs = state.Observed.Phase is ObservedPhase.Running or ObservedPhase.Booting;
        var mayMove = runs ? running != DrainRunning.Leave : state.Observed.Phase is ObservedPhase.Stopped or ObservedPhase.Standby;
        if (state.Home == target || !mayMove)
            throw HypemanException.InvalidState($"cannot be moved to node {target} from state {state.Phase()} on node {state.Home}");
        var begun = InstanceLifecycle.Begin(state with { MoveError = null }, OperationKind.Move, graceful: true, now);
        var asleep = running == DrainRunning.Suspend && state.Observed.Phase == ObservedPhase.Running;
        return begun with { Operation = begun.Operation! with { Target = target, Restart = runs, Suspend = asleep }, Failure = state.Failure };
    }

    /// <summary>Nothing of it runs any more: the target is its home now.</summary>
    public static InstanceState Depart(InstanceState state, DateTimeOffset now) => InstanceLifecycle.Moved(
        state with
        {
            Home = state.Operation!.Target!,
            MovedFrom = state.Home,
            Epoch = state.Epoch + 1,
            Operation = state.Operation with { Failures = 0, HeardAt = now },
        },
        now);

    /// <summary>The old home gave something.</summary>
    public static InstanceState Heard(InstanceState state, DateTimeOffset at, DateTimeOffset now) =>
        InstanceLifecycle.Moved(state with { Operation = state.Operation! with { HeardAt = at } }, now);

    /// <summary>All of it is here.</summary>
    public static InstanceState Arrive(InstanceState state, DateTimeOffset now) =>
        End(state with { MovedFrom = null, MoveError = null }, now);

    /// <summary>Ends a move that somebody does not want any more. Too late once the disk has arrived.</summary>
    public static InstanceState Cancel(InstanceState state, DateTimeOffset now) =>
        state.Operation?.Kind != OperationKind.Move ? state : GiveUp(state, "the move was cancelled", now);

    /// <summary>An attempt failed. Tried again for as long as it may help, which is longer while the disk is coming.</summary>
    public static InstanceState Failed(InstanceState state, InstanceFailure failure, bool passing, DateTimeOffset now)
    {
        var operation = state.Operation!;
        return passing && now < LastChance(state, operation)
            ? InstanceLifecycle.Moved(state with { Operation = operation with { Failures = operation.Failures + 1 } }, now)
            : GiveUp(state, failure.Message, now);
    }

    /// <summary>The new home is away, or gone, and nobody there can give the move up.</summary>
    public static InstanceState GiveUpLost(InstanceState state, bool isRemoved, DateTimeOffset now) =>
        state is { MovedFrom: not null, Operation: { Kind: OperationKind.Move } operation } && (isRemoved || now >= LastChance(state, operation))
            ? GiveUp(state, $"node {state.Home} {(isRemoved ? "was removed from the fleet" : "could not be reached")}", now)
            : state;

    private static DateTimeOffset LastChance(InstanceState state, InstanceOperation operation)
    {
        var end = operation.StartedAt + InstanceTiming.Deadline(OperationKind.Move);
        var silence = state.MovedFrom is null
            ? operation.StartedAt + InstanceTiming.Departure
            : (operation.HeardAt ?? operation.StartedAt) + InstanceTiming.SourceSilence;
        return silence < end ? silence : end;
    }

    private static InstanceState GiveUp(InstanceState state, string why, DateTimeOffset now) => End(
        state.MovedFrom is { } home
            ? state with { Home = home, MovedFrom = null, Epoch = state.Epoch + 1, MoveError = why }
            : state with { MoveError = why },
        now);

    private static InstanceState End(InstanceState state, DateTimeOffset now) => state.Operation!.Restart
        ? state.Observed.Phase == ObservedPhase.Standby ? InstanceLifecycle.BeginRestore(state, now) : InstanceLifecycle.BeginStart(state, now)
        : InstanceLifecycle.Done(state, now) with { Failure = state.Failure };
}

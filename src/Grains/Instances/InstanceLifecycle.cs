using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;

namespace Hypeman.Grains.Instances;

/// <summary>
/// The life of an instance, as pure functions from a state to the next one or to a refusal.
/// <code>
///             create                     start
///   (none) ────────────▶ Created ◀─────────────────┐
///                           │ VM runs              │
///                           ▼                      │
///                     Initializing ───┐            │
///                           │ ready   │ program    │
///                           ▼         │ ended      │
///                        Running ─────┤            │
///                           │         ▼            │
///                      stop │      Shutdown        │
///                           ▼         │ VM gone    │
///                        (ending) ────┴───────▶ Stopped
///
///   delete: from everywhere, at any time, over any operation in flight
/// </code>
/// An operation is written down before anything is done for it. Stop takes over a create or start in flight, delete
/// takes over everything, nothing takes over a delete. How one is moved to another node is in <see cref="InstanceMove"/>.
/// What fails goes to <see cref="Failed"/>: a create is undone, a start ends in Stopped, a stop is taken up again by the
/// reconciler, a delete is never given up.
/// </summary>
internal static class InstanceLifecycle
{
    public static InstanceState Create(string id, InstanceOrder order, string hypervisor, DateTimeOffset now) => new()
    {
        Id = id,
        Spec = order.Spec,
        Image = order.Image,
        Home = order.Home,
        Hypervisor = hypervisor,
        Epoch = 1,
        Boot = 1,
        Intent = InstanceIntent.Running,
        Observed = ObservedVm.None,
        Operation = new InstanceOperation { Kind = OperationKind.Create, Number = 1, StartedAt = now },
        Clock = PhaseClock.Begin(InstancePhase.Created, now),
        CreatedAt = now,
        StartedAt = now,
        Version = 1,
    };

    /// <exception cref="HypemanException"><c>invalid_state</c> unless it is Stopped and at rest.</exception>
    public static InstanceState Start(InstanceState state, InstanceStartSpec spec, DateTimeOffset now)
    {
        RefuseWhenTaken(state);
        if (state.Phase() != InstancePhase.Stopped)
            throw Refused("start", state, "must be Stopped");
        if (state.Operation is not null)
            throw HypemanException.InvalidState("cannot start while the instance is still being stopped");
        var started = state with
        {
            Spec = state.Spec with
            {
                Entrypoint = spec.Entrypoint ?? state.Spec.Entrypoint,
                Cmd = spec.Cmd ?? state.Spec.Cmd,
            },
        };
        return BeginStart(started, now);
    }

    /// <summary>A stop that is in flight already is joined.</summary>
    /// <exception cref="HypemanException"><c>invalid_state</c> unless it is Running, Initializing or being started.</exception>
    public static InstanceState Stop(InstanceState state, DateTimeOffset now)
    {
        RefuseWhenTaken(state);
        if (state.Operation?.Kind == OperationKind.Stop)
            return state;
        var starting = state.Operation?.Kind is OperationKind.Create or OperationKind.Start;
        if (!starting && state.Phase() is not (InstancePhase.Running or InstancePhase.Initializing))
            throw Refused("stop", state, "must be Running or Initializing");
        return Begin(state with { Intent = InstanceIntent.Stopped }, OperationKind.Stop, graceful: true, now);
    }

    /// <summary>Always possible. A delete in flight is joined, or made less patient.</summary>
    public static InstanceState Delete(InstanceState state, bool graceful, DateTimeOffset now)
    {
        if (state.Operation is { Kind: OperationKind.Delete } running && (graceful || !running.Graceful))
            return state;
        return Begin(state with { Intent = InstanceIntent.Gone }, OperationKind.Delete, graceful, now);
    }

    /// <exception cref="HypemanException"><c>invalid_state</c> unless it is Running.</exception>
    public static void RequireRunning(InstanceState state)
    {
        RefuseWhenMoved(state);
        if (state.Phase() != InstancePhase.Running)
            throw HypemanException.InvalidState($"instance must be running (current state: {state.Phase()})");
    }

    /// <summary>The operation did what it was to do; a delete has no such end, its record is removed.</summary>
    public static InstanceState Done(InstanceState state, DateTimeOffset now)
    {
        var rested = state with { Operation = null, Failure = null };
        return Moved(WithoutWishForTheEnded(rested, now), now);
    }

    /// <summary>
    /// The node has undone a start that a crash cut off, and may have told it as the end of this boot. What is tried
    /// again is another boot, so that neither can be taken for the other.
    /// </summary>
    public static InstanceState AnotherBoot(InstanceState state, InstanceOperation operation, DateTimeOffset now) =>
        state.Operation?.Number == operation.Number ? Moved(state with { Boot = state.Boot + 1 }, now) : state;

    /// <summary>An attempt failed. What comes next depends on the operation, on the failure and on the time left.</summary>
    public static InstanceState Failed(InstanceState state, InstanceFailure failure, bool passing, DateTimeOffset now)
    {
        var operation = state.Operation ?? throw new InvalidOperationException("Nothing was in flight.");
        var again = state with
        {
            Operation = operation with { Failures = operation.Failures + 1 },
            // A new attempt is a new boot, so that the end of the failed one cannot be taken for the end of this one.
            Boot = operation.Kind is OperationKind.Create or OperationKind.Start ? state.Boot + 1 : state.Boot,
            Failure = failure,
        };
        var inTime = now < operation.StartedAt + InstanceTiming.Deadline(operation.Kind);
        return operation.Kind switch
        {
            OperationKind.Create when passing && inTime => Moved(again, now),
            OperationKind.Create => Delete(state with { Failure = failure }, graceful: false, now) with { Failure = failure },
            OperationKind.Start when passing && inTime => Moved(again, now),
            OperationKind.Start => Moved(
                state with { Operation = null, Intent = InstanceIntent.Stopped, Failure = failure, StoppedAt = now }, now),
            OperationKind.Stop when inTime => Moved(again, now),
            OperationKind.Stop => Moved(state with { Operation = null, Failure = failure }, now),
            OperationKind.Delete => Moved(again, now),
            OperationKind.Move => InstanceMove.Failed(state, failure, passing, now),
        };
    }

    /// <summary>Ends a change: the version rises, and the phase that now shows is accounted for.</summary>
    internal static InstanceState Moved(InstanceState state, DateTimeOffset now) =>
        state with { Version = state.Version + 1, Clock = state.Clock.To(state.Phase(), now) };

    internal static InstanceState Begin(InstanceState state, OperationKind kind, bool graceful, DateTimeOffset now) => Moved(
        state with
        {
            Operation = new InstanceOperation { Kind = kind, Number = state.Version + 1, StartedAt = now, Graceful = graceful },
            Failure = null,
        },
        now);

    internal static InstanceState BeginStart(InstanceState state, DateTimeOffset now) => Begin(
        state with
        {
            Intent = InstanceIntent.Running,
            Boot = state.Boot + 1,
            Observed = state.Observed with { ExitedAt = null, ExitCode = null, ExitMessage = null, Error = null },
            // A move that was given up early may find it still running.
            StartedAt = state.Observed.Phase is ObservedPhase.Running or ObservedPhase.Booting ? state.StartedAt : now,
            StoppedAt = null,
        },
        OperationKind.Start, graceful: true, now);

    /// <summary>A VM that has ended is not wanted to run any more: a later start says so anew.</summary>
    internal static InstanceState WithoutWishForTheEnded(InstanceState state, DateTimeOffset now)
    {
        if (state.Operation is not null || state.Observed.Phase is not (ObservedPhase.Stopped or ObservedPhase.Absent))
            return state;
        return state with
        {
            Intent = InstanceIntent.Stopped,
            StoppedAt = state.StoppedAt ?? state.Observed.ExitedAt ?? now,
        };
    }

    private static void RefuseWhenTaken(InstanceState state)
    {
        if (state.Operation?.Kind == OperationKind.Delete)
            throw HypemanException.InvalidState("instance is being deleted");
        RefuseWhenMoved(state);
    }

    private static void RefuseWhenMoved(InstanceState state)
    {
        if (state.Operation is { Kind: OperationKind.Move } move)
            throw HypemanException.InvalidState($"instance is being moved to node {move.Target}");
    }

    private static HypemanException Refused(string command, InstanceState state, string needed) =>
        HypemanException.InvalidState($"cannot {command} from state {state.Phase()}, {needed}");
}

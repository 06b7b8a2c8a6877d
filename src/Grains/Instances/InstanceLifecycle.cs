using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Instances.Policies;
using Hypeman.Grains.Snapshots;

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
///   Running ── standby ──▶ (Paused) ──▶ Standby ── restore ──▶ (Paused) ──▶ Initializing, the same boot
///                                          └────── stop ─────────────────▶ Stopped
///
///   Stopped, Standby ── revert to a snapshot ──▶ Stopped, Standby, or on from there
///
///   delete: from everywhere, at any time, over any operation in flight
/// </code>
/// An operation is written down before anything is done for it. Stop takes over all that makes an instance run or
/// suspends it, delete takes over everything, nothing takes over a delete. How one is moved to another node is in <see cref="InstanceMove"/>.
/// A copy of another one (<see cref="InstanceFork"/>) is made as by a create, and may also become Standby or Stopped.
/// What fails goes to <see cref="Failed"/>: a create is undone, a start ends in Stopped, a standby leaves it running, a
/// restore leaves it in standby, a stop is taken up again by the reconciler, a delete is never given up.
/// </summary>
internal static class InstanceLifecycle
{
    /// <summary>From nothing, or as a copy.</summary>
    /// <exception cref="HypemanException"><c>invalid_expires_at</c></exception>
    public static InstanceState Create(string id, InstanceOrder order, string hypervisor, DateTimeOffset now) => new()
    {
        Id = id,
        Spec = order.Spec with { Lifetime = null },
        ExpiresAt = InstanceExpiry.EndOf(order.Spec.Lifetime, now),
        Image = order.Image,
        Home = order.Home,
        Hypervisor = order.Origin?.Hypervisor ?? hypervisor,
        Epoch = 1,
        Boot = 1,
        Intent = IntentFor(order.Target),
        Observed = ObservedVm.None,
        Operation = new InstanceOperation
        {
            Kind = order.Origin is null ? OperationKind.Create : OperationKind.Fork,
            Number = 1,
            StartedAt = now,
        },
        Clock = PhaseClock.Begin(InstancePhase.Created, now),
        CreatedAt = now,
        StartedAt = order.Target == InstancePhase.Running ? now : null,
        Version = 1,
        Origin = order.Origin,
        Restart = StatusFor(order.Target),
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
        return BeginStart(started with { Restart = RestartStatus.None }, now);
    }

    /// <summary>A stop that is in flight already is joined. In standby, it drops the memory.</summary>
    /// <exception cref="HypemanException">
    /// <c>invalid_state</c> unless it is Running, Initializing, Standby or on its way to one of these, be it by itself.
    /// </exception>
    public static InstanceState Stop(InstanceState state, DateTimeOffset now)
    {
        RefuseWhenTaken(state);
        var byHand = state with { Intent = InstanceIntent.Stopped, Restart = InstanceRestart.ByHand(state.Restart) };
        if (state.Operation is { Kind: OperationKind.Stop } stop)
            return state.Intent == InstanceIntent.Stopped
                ? state
                : Moved(byHand with { Operation = stop with { Restart = false, IsAutomatic = false } }, now);
        if (state is { Operation: null, Restart.NextAttemptAt: not null } && state.Phase() == InstancePhase.Stopped)
            return Moved(byHand, now);
        if (state.Operation is null && state.Phase() is not (InstancePhase.Running or InstancePhase.Initializing or InstancePhase.Standby))
            throw Refused("stop", state, "must be Running, Initializing or Standby");
        return Begin(byHand, OperationKind.Stop, graceful: true, now);
    }

    /// <summary>A standby that is in flight already is joined, and then wanted whether it is used or not.</summary>
    /// <exception cref="HypemanException"><c>invalid_state</c> unless it is Running and at rest.</exception>
    public static InstanceState Standby(InstanceState state, StandbySpec? wish, SnapshotCompression byDefault, DateTimeOffset now)
    {
        RefuseWhenTaken(state);
        if (state.Operation is { Kind: OperationKind.Standby } standby)
            return standby.OnlyIfIdle ? Moved(state with { Operation = standby with { OnlyIfIdle = false } }, now) : state;
        if (state.Phase() != InstancePhase.Running || state.Operation is not null)
            throw Refused("standby", state, "must be Running");
        return BeginStandby(state, wish, byDefault, now);
    }

    internal static InstanceState BeginStandby(
        InstanceState state, StandbySpec? wish, SnapshotCompression byDefault, DateTimeOffset now)
    {
        var begun = Begin(state with { Intent = InstanceIntent.Standby }, OperationKind.Standby, graceful: true, now);
        return begun with
        {
            Operation = begun.Operation! with
            {
                Compression = CompressionChoice.Of(wish?.Compression, state.Spec.SnapshotPolicy, byDefault),
                CompressionDelay = CompressionChoice.DelayOf(wish, state.Spec.SnapshotPolicy),
            },
        };
    }

    /// <summary>A restore that is in flight already is joined.</summary>
    /// <exception cref="HypemanException"><c>invalid_state</c> unless it is Standby and at rest.</exception>
    public static InstanceState Restore(InstanceState state, DateTimeOffset now)
    {
        RefuseWhenTaken(state);
        if (state.Operation?.Kind == OperationKind.Restore)
            return state;
        if (state.Phase() != InstancePhase.Standby || state.Operation is not null)
            throw Refused("restore", state, "must be Standby");
        return BeginRestore(state, now);
    }

    internal static InstanceState BeginRestore(InstanceState state, DateTimeOffset now) =>
        Begin(state with { Intent = InstanceIntent.Running, StoppedAt = null }, OperationKind.Restore, graceful: true, now);

    /// <summary>Goes back to a snapshot, as another boot: what is seen of it then is told from what it was before.</summary>
    /// <exception cref="HypemanException">
    /// <c>invalid_state</c> unless it is Stopped or Standby and at rest.
    /// </exception>
    public static InstanceState Revert(InstanceState state, RevertOrder order, DateTimeOffset now)
    {
        RefuseWhenTaken(state);
        if (state.Operation is not null || state.Phase() is not (InstancePhase.Stopped or InstancePhase.Standby))
            throw Refused("revert", state, "must be Stopped or Standby");
        var begun = Begin(state with { Intent = IntentFor(order.Target), Boot = state.Boot + 1 }, OperationKind.Revert, graceful: true, now);
        return begun with { Hypervisor = order.Hypervisor, Restart = StatusFor(order.Target), Operation = begun.Operation! with { Snapshot = order } };
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
        if (state.Operation?.Kind == OperationKind.Standby)
            throw HypemanException.InvalidState("instance is going to standby");
        if (state.Phase() != InstancePhase.Running)
            throw HypemanException.InvalidState($"instance must be running (current state: {state.Phase()})");
    }

    /// <summary>
    /// The operation did what it was to do, and the next one is begun where that was only the half of it; a delete has no
    /// such end, its record is removed.
    /// </summary>
    public static InstanceState Done(InstanceState state, DateTimeOffset now)
    {
        if (state is { Operation: { Kind: OperationKind.Stop, Restart: true } again, Observed.Phase: ObservedPhase.Stopped })
        {
            var begun = BeginStart(state, now);
            return begun with { Operation = begun.Operation! with { IsAutomatic = again.IsAutomatic } };
        }
        var rested = state with
        {
            Operation = null,
            Failure = null,
            StoppedAt = state.Observed.Phase == ObservedPhase.Standby ? state.StoppedAt ?? now : state.StoppedAt,
        };
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
        var failed = operation.Kind switch
        {
            OperationKind.Create or OperationKind.Start or OperationKind.Revert when passing && inTime => Moved(again, now),
            // What the source is not is no matter of time.
            OperationKind.Fork when passing && inTime && failure.Kind != ErrorKind.Conflict => Moved(again, now),
            OperationKind.Create or OperationKind.Fork =>
                Delete(state with { Failure = failure }, graceful: false, now) with { Failure = failure },
            OperationKind.Start => Moved(
                state with { Operation = null, Intent = InstanceIntent.Stopped, Failure = failure, StoppedAt = now }, now),
            OperationKind.Stop when inTime => Moved(again, now),
            OperationKind.Stop => Moved(state with { Operation = null, Failure = failure }, now),
            OperationKind.Delete => Moved(again, now),
            OperationKind.Standby => Moved(
                InstanceIdle.Failed(state, now) with { Operation = null, Intent = InstanceIntent.Running, Failure = failure }, now),
            OperationKind.Restore when passing && inTime => Moved(again, now),
            OperationKind.Restore => Moved(
                state with { Operation = null, Intent = InstanceIntent.Standby, Failure = failure, StoppedAt = now }, now),
            OperationKind.Move => InstanceMove.Failed(state, failure, passing, now),
            OperationKind.Revert => Moved(
                state with
                {
                    Operation = null,
                    Intent = state.Observed.Phase == ObservedPhase.Standby ? InstanceIntent.Standby : InstanceIntent.Stopped,
                    Failure = failure,
                },
                now),
        };
        return operation.IsAutomatic && failed.Operation is null ? InstanceRestart.Failed(failed, now) : failed;
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

    /// <summary>A VM that has ended is not wanted to run any more: a later start says so anew, or its restart policy does.</summary>
    internal static InstanceState WithoutWishForTheEnded(InstanceState state, DateTimeOffset now)
    {
        if (state.Operation is not null || state.Observed.Phase is not (ObservedPhase.Stopped or ObservedPhase.Absent))
            return state;
        var rested = state with
        {
            Intent = InstanceIntent.Stopped,
            StoppedAt = state.StoppedAt ?? state.Observed.ExitedAt ?? now,
        };
        // One whose disk is lost would be another one.
        return state.Intent == InstanceIntent.Running && state.Observed.Phase == ObservedPhase.Stopped
            ? InstanceRestart.Ended(rested, now)
            : rested;
    }

    private static InstanceIntent IntentFor(InstancePhase target) => target switch
    {
        InstancePhase.Stopped => InstanceIntent.Stopped,
        InstancePhase.Standby => InstanceIntent.Standby,
        _ => InstanceIntent.Running,
    };

    // Who wants it to be stopped has stopped it.
    private static RestartStatus StatusFor(InstancePhase target) =>
        target == InstancePhase.Stopped ? InstanceRestart.ByHand(RestartStatus.None) : RestartStatus.None;

    private static void RefuseWhenTaken(InstanceState state)
    {
        if (state.Operation?.Kind == OperationKind.Delete)
            throw HypemanException.InvalidState("instance is being deleted");
        if (state.Operation?.Kind == OperationKind.Fork)
            throw HypemanException.InvalidState("instance is still being made as a copy of another one");
        if (state.Operation?.Kind == OperationKind.Revert)
            throw HypemanException.InvalidState("instance is going back to a snapshot");
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

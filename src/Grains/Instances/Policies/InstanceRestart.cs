using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances.Health;

namespace Hypeman.Grains.Instances.Policies;

/// <summary>
/// Starting instances again by themselves, as pure functions.
/// <code>
///   ended by itself ──▶ waits for its backoff ──▶ attempt: a start; of one that is
///   or is unhealthy                                 unhealthy still, a stop before it
///     │      │ as often as it may                   │ failed │ ran for long
///     │      ▼                                      ▼        ▼
///     │   blocked: max_attempts_exceeded          as ended   counts anew
///     ▼ its policy does not want it
///   rests
///
///   somebody stops it ──▶ blocked: manual_stop, until somebody starts it
/// </code>
/// An attempt is written down with the operation that it is, so none is made twice or forgotten.
/// </summary>
internal static class InstanceRestart
{
    /// <summary>Somebody wants it to be stopped: no attempt is made until somebody starts it.</summary>
    public static RestartStatus ByHand(RestartStatus status) =>
        status with { NextAttemptAt = null, Blocked = RestartBlock.ManualStop };

    /// <summary>Its VM has ended, and nobody had wanted that.</summary>
    public static InstanceState Ended(InstanceState state, DateTimeOffset now)
    {
        if (state.Spec.RestartPolicy is not { } policy)
            return state;
        if (policy.Mode == RestartMode.OnFailure && state.Observed.ExitCode == 0)
            return state with { Restart = RestartStatus.None };
        var ran = (state.Observed.ExitedAt ?? now) - (state.StartedAt ?? now);
        return state with { Restart = Next(ran >= policy.StableAfter ? RestartStatus.None : state.Restart, policy, now) };
    }

    /// <summary>It runs, and does not do what it is there for.</summary>
    public static InstanceState Unhealthy(InstanceState state, DateTimeOffset now) =>
        state is { Spec.RestartPolicy: { } policy, Restart.NextAttemptAt: null }
            ? state with { Restart = Next(state.Restart with { LastReason = RestartReason.HealthCheckFailed }, policy, now) }
            : state;

    /// <summary>It does so again.</summary>
    public static InstanceState Recovered(InstanceState state) =>
        state.Restart.NextAttemptAt is null ? state : state with { Restart = state.Restart with { NextAttemptAt = null } };

    /// <summary>An attempt that was under way came to nothing.</summary>
    public static InstanceState Failed(InstanceState state, DateTimeOffset now) =>
        state.Spec.RestartPolicy is { } policy ? state with { Restart = Next(state.Restart, policy, now) } : state;

    /// <summary>Puts it under another policy. What the former one led to is forgotten, but not that it was stopped by hand.</summary>
    public static InstanceState Under(InstanceState state, RestartPolicy policy, DateTimeOffset now)
    {
        var wanted = policy.Mode == RestartMode.Never ? null : policy;
        if (wanted == state.Spec.RestartPolicy)
            return state;
        var next = state with { Spec = state.Spec with { RestartPolicy = wanted } };
        if (state.Restart.Blocked == RestartBlock.ManualStop)
            return next;
        next = next with { Restart = RestartStatus.None };
        if (InstanceHealth.IsUnhealthy(next))
            return Unhealthy(next, now);
        return Rests(next) && next.Observed.ExitedAt is not null ? Ended(next, now) : next;
    }

    /// <summary>When there is something to do about it; null when there is not.</summary>
    public static DateTimeOffset? DueAt(InstanceState state) => state switch
    {
        { Operation: not null } => null,
        { Restart.NextAttemptAt: { } next } => next,
        { Restart.Attempts: > 0, Spec.RestartPolicy: { } policy } when Runs(state) && !InstanceHealth.IsUnhealthy(state) =>
            state.Clock.Since + policy.StableAfter,
        _ => null,
    };

    /// <summary>
    /// Counts anew when it has run for long; stops it, to start it then, when it is unhealthy still; drops an attempt that is
    /// not to the point any more.
    /// </summary>
    public static InstanceState Settle(InstanceState state, DateTimeOffset now)
    {
        if (!(DueAt(state) <= now) || Rests(state) || state.Observed.Phase == ObservedPhase.Unknown)
            return state;
        if (state.Restart.NextAttemptAt is not null && InstanceHealth.IsUnhealthy(state))
        {
            var attempt = state with { Restart = Attempt(state.Restart, now) };
            var begun = InstanceLifecycle.Begin(attempt, OperationKind.Stop, graceful: true, now);
            return begun with { Operation = begun.Operation! with { Restart = true, IsAutomatic = true } };
        }
        return InstanceLifecycle.Moved(
            state.Restart.NextAttemptAt is null ? state with { Restart = RestartStatus.None } : Recovered(state), now);
    }

    /// <summary>It is to be started now.</summary>
    public static bool IsDue(InstanceState state, DateTimeOffset now) => Rests(state) && state.Restart.NextAttemptAt <= now;

    /// <summary>Makes the attempt that is due; nothing when none is any more.</summary>
    public static InstanceState Start(InstanceState state, DateTimeOffset now)
    {
        if (!IsDue(state, now))
            return state;
        var begun = InstanceLifecycle.BeginStart(state with { Restart = Attempt(state.Restart, now) }, now);
        return begun with { Operation = begun.Operation! with { IsAutomatic = true } };
    }

    /// <summary>The attempt that is due cannot be made.</summary>
    public static InstanceState Refused(InstanceState state, InstanceFailure why, DateTimeOffset now) => IsDue(state, now)
        ? InstanceLifecycle.Moved(Failed(state with { Restart = Attempt(state.Restart, now), Failure = why }, now), now)
        : state;

    private static bool Rests(InstanceState state) => state is { Operation: null, Observed.Phase: ObservedPhase.Stopped };

    private static bool Runs(InstanceState state) => state.Clock.Phase == InstancePhase.Running;

    private static RestartStatus Attempt(RestartStatus status, DateTimeOffset now) =>
        status with { Attempts = status.Attempts + 1, LastAttemptAt = now, NextAttemptAt = null };

    private static RestartStatus Next(RestartStatus status, RestartPolicy policy, DateTimeOffset now) =>
        policy.MaxAttempts > 0 && status.Attempts >= policy.MaxAttempts
            ? status with { NextAttemptAt = null, Blocked = RestartBlock.MaxAttemptsExceeded }
            : status with { NextAttemptAt = now + policy.Backoff, Blocked = null };
}

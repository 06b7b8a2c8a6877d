using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Contracts.Snapshots;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances.Idle;

/// <summary>Moments that keep an instance awake though nobody uses it.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.wakeful-terms")]
internal sealed record WakefulTerms
{
    /// <summary>It was told to sleep when idle then, and is not taken for idle before.</summary>
    [Id(0)] public DateTimeOffset? WatchedFrom { get; init; }

    /// <summary>Somebody wants it to be awake until then.</summary>
    [Id(1)] public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>It could not be put to sleep, and this is not tried again before.</summary>
    [Id(2)] public DateTimeOffset? RetryAt { get; init; }
}

/// <summary>
/// Putting instances to sleep that nobody uses, as pure functions.
/// <code>
///   used ──▶ idle ── idle_timeout over, no hold ──▶ standby, only if idle ──▶ Standby
///     ▲       │                                       │ used again   │ failed
///     └───────┴───────────────────────────────────────┘              ▼
///                                                     idle, and left alone for a while
/// </code>
/// </summary>
internal static class InstanceIdle
{
    private static readonly TimeSpan RetryPause = TimeSpan.FromMinutes(1);

    /// <summary>Whether it is used must be known now.</summary>
    public static bool IsWatched(InstanceState state) => Obstacle(state) is null && state.Operation is null;

    /// <param name="state">Of the instance.</param>
    /// <param name="use">What is known of its use; null when that cannot be found out, or is of no interest.</param>
    /// <param name="now">The time.</param>
    public static AutoStandbyStatus StatusOf(InstanceState state, InstanceUse? use, DateTimeOffset now)
    {
        var (shown, reason) = Judge(state, use, now);
        var idleSince = use is { Connections: 0 } ? IdleSince(state, use.Value) : (DateTimeOffset?)null;
        return new AutoStandbyStatus
        {
            Policy = state.Spec.AutoStandby,
            State = shown,
            Reason = reason,
            Connections = use?.Connections ?? 0,
            IdleSince = idleSince,
            LastUseAt = use?.LastAt,
            NextStandbyAt = shown is AutoStandbyState.IdleCountdown or AutoStandbyState.ReadyForStandby ? DueAt(state, use!.Value) : null,
            HoldUntil = state.Spec.AutoStandby is { Enabled: true } && state.Wakeful?.HoldUntil is { } hold && hold > now ? hold : null,
        };
    }

    public static bool IsDue(InstanceState state, InstanceUse use, DateTimeOffset now) =>
        IsWatched(state) && use.Connections == 0 && DueAt(state, use) <= now;

    /// <summary>Begins to put it to sleep if that is due; else the state as it is.</summary>
    public static InstanceState Sleep(InstanceState state, IdleNews news, SnapshotCompression byDefault, DateTimeOffset now)
    {
        if (news.Run != InstanceRun.Of(state) || !IsDue(state, new InstanceUse(0, news.LastUseAt), now))
            return state;
        var begun = InstanceLifecycle.BeginStandby(state, wish: null, byDefault, now);
        return begun with { Operation = begun.Operation! with { OnlyIfIdle = true } };
    }

    /// <summary>Whether one that is just being put to sleep is used again. Who asked for its sleep himself has it sleep even so.</summary>
    public static bool IsUsed(InstanceState? state, VmActivity activity, DateTimeOffset now) =>
        state is { Operation: { Kind: OperationKind.Standby, OnlyIfIdle: true }, Spec.AutoStandby: { } policy }
        && InstanceUse.Of(new IgnoredTraffic(policy), activity, now).Connections > 0;

    /// <summary>It is used again before it slept, and goes on as if nothing had been.</summary>
    public static InstanceState Undone(InstanceState state, InstanceOperation operation, DateTimeOffset now) =>
        state.Operation?.Number == operation.Number
            ? InstanceLifecycle.Moved(state with { Operation = null, Intent = InstanceIntent.Running }, now)
            : state;

    /// <summary>It could not be put to sleep, which may well take long to find out and may well fail again.</summary>
    public static InstanceState Failed(InstanceState state, DateTimeOffset now) => state.Operation is { OnlyIfIdle: true }
        ? state with { Wakeful = (state.Wakeful ?? new WakefulTerms()) with { RetryAt = now + RetryPause } }
        : state;

    /// <summary>Keeps it awake for as long as it may be idle; the latest hold counts. Of one that is not put to sleep anyway, nothing changes.</summary>
    /// <exception cref="HypemanException"><c>instance_in_standby</c></exception>
    public static InstanceState Hold(InstanceState state, DateTimeOffset now)
    {
        if (state.Spec.AutoStandby is not { Enabled: true } policy)
            return state;
        if (state.Phase() == InstancePhase.Standby || state.Operation?.Kind is OperationKind.Standby or OperationKind.Restore)
            throw new HypemanException(
                ErrorKind.Conflict, "instance_in_standby", "instance is in standby or on its way there or back; restore it before connecting");
        return state.Phase() != InstancePhase.Running
            ? state
            : InstanceLifecycle.Moved(
                state with { Wakeful = (state.Wakeful ?? new WakefulTerms()) with { HoldUntil = now + policy.IdleTimeout } }, now);
    }

    /// <summary>Puts it under another policy. One that was not to sleep before is idle from now on at the earliest.</summary>
    public static InstanceState Under(InstanceState state, AutoStandbyPolicy policy, DateTimeOffset now)
    {
        if (policy.IsSame(state.Spec.AutoStandby))
            return state;
        var next = state with { Spec = state.Spec with { AutoStandby = policy } };
        return policy.Enabled
            ? state.Spec.AutoStandby is { Enabled: true } ? next : next with { Wakeful = new WakefulTerms { WatchedFrom = now } }
            : next with { Wakeful = null };
    }

    private static (AutoStandbyState, AutoStandbyReason) Judge(InstanceState state, InstanceUse? use, DateTimeOffset now) => state switch
    {
        { Spec.AutoStandby: { Enabled: true }, Operation.Kind: OperationKind.Standby } =>
            (AutoStandbyState.StandbyRequested, AutoStandbyReason.ReadyForStandby),
        _ when Obstacle(state) is { } obstacle => obstacle,
        { Operation: not null } => (AutoStandbyState.Ineligible, AutoStandbyReason.InstanceNotRunning),
        _ => use switch
        {
            null => (AutoStandbyState.Error, AutoStandbyReason.ObserverError),
            { Connections: > 0 } => (AutoStandbyState.Active, AutoStandbyReason.ActiveInboundConnections),
            { } idle when DueAt(state, idle) > now => (AutoStandbyState.IdleCountdown, AutoStandbyReason.IdleTimeoutNotElapsed),
            _ => (AutoStandbyState.ReadyForStandby, AutoStandbyReason.ReadyForStandby),
        },
    };

    private static (AutoStandbyState, AutoStandbyReason)? Obstacle(InstanceState state) => state switch
    {
        { Spec.AutoStandby: null } => (AutoStandbyState.Disabled, AutoStandbyReason.PolicyMissing),
        { Spec.AutoStandby.Enabled: false } => (AutoStandbyState.Disabled, AutoStandbyReason.PolicyDisabled),
        { Spec.NetworkEnabled: false } => (AutoStandbyState.Ineligible, AutoStandbyReason.NetworkDisabled),
        _ when state.Phase() != InstancePhase.Running => (AutoStandbyState.Ineligible, AutoStandbyReason.InstanceNotRunning),
        { Observed.Ip: null } => (AutoStandbyState.Ineligible, AutoStandbyReason.MissingIp),
        _ => null,
    };

    private static DateTimeOffset IdleSince(InstanceState state, InstanceUse use) =>
        InstanceUse.Later(use.LastAt, InstanceUse.Later(state.Clock.Since, state.Wakeful?.WatchedFrom))!.Value;

    private static DateTimeOffset DueAt(InstanceState state, InstanceUse use) => InstanceUse.Later(
        IdleSince(state, use) + state.Spec.AutoStandby!.IdleTimeout,
        InstanceUse.Later(state.Wakeful?.HoldUntil, state.Wakeful?.RetryAt))!.Value;
}

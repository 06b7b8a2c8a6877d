using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances.Policies;

namespace Hypeman.Grains.Instances.Health;

/// <summary>A verdict, and what it is about. The last one of each change is kept; what it counted since is not.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.health-news")]
internal sealed record HealthNews(
    [property: Id(0)] InstanceRun Run, [property: Id(1)] HealthCheck Check, [property: Id(2)] HealthStatus Status);

/// <summary>What is known of an instance's health, and what comes of it. Pure.</summary>
internal static class InstanceHealth
{
    /// <summary>It is to be probed now.</summary>
    public static bool IsProbed(InstanceState state) =>
        state is { Spec.HealthCheck: not null, Operation: null } && state.Phase() == InstancePhase.Running;

    /// <summary>As far as its record tells; null when it has no check.</summary>
    public static HealthStatus? StatusOf(InstanceState state) => state switch
    {
        { Spec.HealthCheck: null } => null,
        _ when state.Phase() != InstancePhase.Running => new HealthStatus { State = HealthState.Unknown },
        _ => IsAboutNow(state.Health, state) ? state.Health!.Status : HealthVerdict.Starting,
    };

    public static bool IsUnhealthy(InstanceState state) => StatusOf(state)?.State == HealthState.Unhealthy;

    /// <summary>Takes in a verdict; the same state when that is about an earlier run or another check.</summary>
    public static InstanceState Note(InstanceState state, HealthNews news, DateTimeOffset now)
    {
        if (!IsProbed(state) || !IsAboutNow(news, state) || news == state.Health)
            return state;
        var noted = state with { Health = news };
        return InstanceLifecycle.Moved(IsUnhealthy(noted) ? InstanceRestart.Unhealthy(noted, now) : InstanceRestart.Recovered(noted), now);
    }

    /// <summary>Puts it under another check, or none.</summary>
    public static InstanceState Under(InstanceState state, HealthCheck check)
    {
        var wanted = check.Kind == HealthCheckKind.None ? null : check;
        if (IsSame(wanted, state.Spec.HealthCheck))
            return state;
        var spec = state.Spec with { HealthCheck = wanted };
        HealthRules.Check(spec);
        return state with { Spec = spec, Health = null };
    }

    /// <summary>Of records with lists in them, equality says nothing.</summary>
    public static bool IsSame(HealthCheck? one, HealthCheck? other) =>
        one is { Exec: { } first } && other is { Exec: { } second }
            ? first.Command.SequenceEqual(second.Command)
                && one with { Exec = null } == other with { Exec = null } && first.WorkingDirectory == second.WorkingDirectory
            : one == other;

    private static bool IsAboutNow(HealthNews? news, InstanceState state) =>
        news is not null && news.Run == InstanceRun.Of(state) && IsSame(news.Check, state.Spec.HealthCheck);
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Idle;

namespace Hypeman.Grains.Instances.Policies;

/// <summary>Changes of what an instance was asked for, in any state and over any operation in flight. Pure.</summary>
internal static class InstanceUpdates
{
    /// <exception cref="HypemanException">
    /// <c>instance_expired</c>: it is past its end. <c>invalid_state</c>: it is being deleted. <c>invalid_expires_at</c>,
    /// <c>invalid_health_check</c>.
    /// </exception>
    public static InstanceState Apply(InstanceState state, InstanceUpdate update, DateTimeOffset now)
    {
        if (InstanceExpiry.IsExpired(state, now))
            throw new HypemanException(
                ErrorKind.Conflict, "instance_expired", $"the instance has expired at {state.ExpiresAt!.Value.UtcDateTime:u} and is being deleted");
        if (state.Operation?.Kind == OperationKind.Delete)
            throw HypemanException.InvalidState("instance is being deleted");
        var next = update.Lifetime is null ? state : state with { ExpiresAt = InstanceExpiry.EndOf(update.Lifetime, now) };
        if (update.HealthCheck is { } check)
            next = InstanceHealth.Under(next, check);
        if (update.RestartPolicy is { } policy)
            next = InstanceRestart.Under(next, policy, now);
        if (update.AutoStandby is { } idle)
            next = InstanceIdle.Under(next, idle, now);
        return next == state ? state : InstanceLifecycle.Moved(next, now);
    }
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances.Policies;

namespace Hypeman.Grains.Instances.Policies;

/// <summary>The end of an instance that was told how long to live. Pure.</summary>
internal static class InstanceExpiry
{
    /// <summary>When it is to be deleted; null when never.</summary>
    /// <exception cref="HypemanException"><c>invalid_expires_at</c>: that is over already.</exception>
    public static DateTimeOffset? EndOf(InstanceLifetime? lifetime, DateTimeOffset now) => lifetime switch
    {
        { ExpiresAt: { } end } when end <= now => throw HypemanException.Invalid(
            "invalid_expires_at", $"expires_at: must be in the future, but {end.UtcDateTime:u} is over; it is {now.UtcDateTime:u}"),
        { ExpiresAt: { } end } => end,
        { Ttl: { } ttl } => now + ttl,
        _ => null,
    };

    public static bool IsExpired(InstanceState state, DateTimeOffset now) => state.ExpiresAt <= now;

    /// <summary>Begins to delete one that is past its end, whatever is being done to it. One that is deleted already is left to that.</summary>
    public static InstanceState Enforce(InstanceState state, DateTimeOffset now) =>
        IsExpired(state, now) ? InstanceLifecycle.Delete(state, graceful: true, now) : state;

    /// <summary>When there is something to do about it; null when that is done, or never.</summary>
    public static DateTimeOffset? DueAt(InstanceState state) =>
        state.Operation?.Kind == OperationKind.Delete ? null : state.ExpiresAt;
}

namespace Hypeman.Client.Instances;

/// <summary>What is to be changed about an instance; what is null stays as it is.</summary>
public sealed record UpdateInstance
{
    /// <summary>How long it is to live from now on; <c>0s</c>: until somebody deletes it.</summary>
    public string? Ttl { get; init; }

    /// <summary>When it is to be deleted, instead of <see cref="Ttl"/>.</summary>
    public DateTimeOffset? ExpiresAt { get; init; }

    public RestartPolicy? RestartPolicy { get; init; }
    public AutoStandbyPolicy? AutoStandby { get; init; }
    public HealthCheck? HealthCheck { get; init; }
}

/// <summary>Whether an instance that has ended is started again.</summary>
/// <param name="Policy">never, always or on_failure.</param>
/// <param name="Backoff">The pause before each attempt, for example <c>5s</c>.</param>
/// <param name="MaxAttempts">Attempts in a row; zero for any number.</param>
/// <param name="StableAfter">Having run this long it begins to count anew.</param>
public sealed record RestartPolicy(string Policy, string? Backoff = null, int? MaxAttempts = null, string? StableAfter = null);

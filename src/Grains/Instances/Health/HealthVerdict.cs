using Hypeman.Contracts.Instances.Policies;

namespace Hypeman.Grains.Instances.Health;

/// <summary>What a row of probes says of an instance. Pure.</summary>
internal static class HealthVerdict
{
    private const int LongestError = 200;

    public static HealthStatus Starting { get; } = new() { State = HealthState.Starting };

    /// <summary>Takes in one more probe.</summary>
    /// <param name="before">What was known.</param>
    /// <param name="check">By which it is judged.</param>
    /// <param name="error">What was wrong; null: nothing.</param>
    /// <param name="age">How long it has been running.</param>
    /// <param name="now">The time.</param>
    public static HealthStatus After(HealthStatus before, HealthCheck check, string? error, TimeSpan age, DateTimeOffset now)
    {
        if (error is null)
        {
            var successes = before.Successes + 1;
            return before with
            {
                State = successes >= check.SuccessThreshold ? HealthState.Healthy : before.State,
                Successes = successes,
                Failures = 0,
                LastCheckedAt = now,
                LastSuccessAt = now,
            };
        }
        // While it may still be starting, a failure is told and not counted.
        var failures = age < check.StartPeriod ? 0 : before.Failures + 1;
        return before with
        {
            State = failures >= check.FailureThreshold ? HealthState.Unhealthy : before.State,
            Successes = 0,
            Failures = failures,
            LastCheckedAt = now,
            LastFailureAt = now,
            LastError = error.Length > LongestError ? error[..LongestError] : error,
        };
    }
}

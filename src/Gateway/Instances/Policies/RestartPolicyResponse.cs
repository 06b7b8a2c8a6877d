using System.Text.Json.Serialization;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances.Policies;

internal sealed record RestartPolicyResponse(string Policy, string Backoff, int MaxAttempts, string StableAfter)
{
    public static RestartPolicyResponse? From(RestartPolicy? policy) => policy is null
        ? null
        : new RestartPolicyResponse(
            policy.Mode switch
            {
                RestartMode.Never => "never",
                RestartMode.Always => "always",
                RestartMode.OnFailure => "on_failure",
            },
            GoDuration.Format(policy.Backoff), policy.MaxAttempts, GoDuration.Format(policy.StableAfter));
}

internal sealed record RestartStatusResponse
{
    public required int Attempts { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? LastAttemptAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? NextAttemptAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? BlockedReason { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? LastReason { get; init; }

    public static RestartStatusResponse? From(RestartStatus? status) => status is null ? null : new RestartStatusResponse
    {
        Attempts = status.Attempts,
        LastAttemptAt = status.LastAttemptAt?.UtcDateTime,
        NextAttemptAt = status.NextAttemptAt?.UtcDateTime,
        BlockedReason = status.Blocked is { } block ? NameOf(block) : null,
        LastReason = status.LastReason is { } reason ? NameOf(reason) : null,
    };

    private static string NameOf(RestartBlock block) => block switch
    {
        RestartBlock.ManualStop => "manual_stop",
        RestartBlock.MaxAttemptsExceeded => "max_attempts_exceeded",
    };

    private static string NameOf(RestartReason reason) => reason switch
    {
        RestartReason.HealthCheckFailed => "health_check_failed",
    };
}

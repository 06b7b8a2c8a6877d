using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances.Policies;

/// <summary>The object <c>restart_policy</c>.</summary>
internal static class RestartPolicyFields
{
    private const string Code = "invalid_restart_policy";

    /// <summary>The pause that keeps a program which ends at once from taking a node for itself.</summary>
    private static readonly TimeSpan LeastBackoff = TimeSpan.FromMilliseconds(100);

    private static readonly TimeSpan LeastStable = TimeSpan.FromSeconds(1);

    public static IReadOnlyDictionary<string, RestartMode> Modes { get; } = new Dictionary<string, RestartMode>
    {
        ["never"] = RestartMode.Never,
        ["always"] = RestartMode.Always,
        ["on_failure"] = RestartMode.OnFailure,
    };

    /// <summary>Null when it is left out.</summary>
    public static RestartPolicy? Read(FieldReader fields)
    {
        if (fields.Object("restart_policy") is not { } policy)
            return null;
        var standard = new RestartPolicy { Mode = policy.Word("policy", Modes) ?? RestartMode.Never };
        return standard with
        {
            Backoff = DurationField.Read(policy, "backoff", Code, LeastBackoff) ?? standard.Backoff,
            MaxAttempts = policy.Int("max_attempts", min: 0) ?? standard.MaxAttempts,
            StableAfter = DurationField.Read(policy, "stable_after", Code, LeastStable) ?? standard.StableAfter,
        };
    }
}

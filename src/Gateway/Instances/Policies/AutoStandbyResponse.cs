using System.Text.Json.Serialization;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances.Policies;

internal sealed record AutoStandbyResponse(
    bool Enabled, string? IdleTimeout, IReadOnlyList<string>? IgnoreSourceCidrs, IReadOnlyList<int>? IgnoreDestinationPorts)
{
    public static AutoStandbyResponse? From(AutoStandbyPolicy? policy) => policy is null ? null : new AutoStandbyResponse(
        policy.Enabled, policy.IdleTimeout > TimeSpan.Zero ? GoDuration.Format(policy.IdleTimeout) : null,
        policy.IgnoredSources.Count > 0 ? policy.IgnoredSources : null, policy.IgnoredPorts.Count > 0 ? policy.IgnoredPorts : null);
}

internal sealed record AutoStandbyStatusResponse
{
    /// <summary>The kernel's connection tracking, looked at once a second.</summary>
    private const string Tracking = "conntrack_tcp";

    /// <summary>Every node that can run an instance can tell who uses it.</summary>
    public bool Supported { get; } = true;

    public required bool Configured { get; init; }
    public required bool Enabled { get; init; }
    public required bool Eligible { get; init; }
    public required string Status { get; init; }
    public required string Reason { get; init; }
    public required int ActiveInboundConnections { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? IdleTimeout { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? IdleSince { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? LastInboundActivityAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? NextStandbyAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? HoldUntil { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? CountdownRemaining { get; init; }

    public string TrackingMode { get; } = Tracking;

    public static AutoStandbyStatusResponse From(AutoStandbyStatus status, DateTimeOffset now) => new()
    {
        Configured = status.Policy is not null,
        Enabled = status.Policy is { Enabled: true },
        Eligible = status.IsEligible,
        Status = NameOf(status.State),
        Reason = NameOf(status.Reason),
        ActiveInboundConnections = status.Connections,
        IdleTimeout = AutoStandbyResponse.From(status.Policy)?.IdleTimeout,
        IdleSince = status.IdleSince?.UtcDateTime,
        LastInboundActivityAt = status.LastUseAt?.UtcDateTime,
        NextStandbyAt = status.NextStandbyAt?.UtcDateTime,
        HoldUntil = status.HoldUntil?.UtcDateTime,
        CountdownRemaining = status.NextStandbyAt is { } next ? GoDuration.Format(next > now ? next - now : TimeSpan.Zero) : null,
    };

    private static string NameOf(AutoStandbyState state) => state switch
    {
        AutoStandbyState.Disabled => "disabled",
        AutoStandbyState.Ineligible => "ineligible",
        AutoStandbyState.Active => "active",
        AutoStandbyState.IdleCountdown => "idle_countdown",
        AutoStandbyState.ReadyForStandby => "ready_for_standby",
        AutoStandbyState.StandbyRequested => "standby_requested",
        AutoStandbyState.Error => "error",
    };

    private static string NameOf(AutoStandbyReason reason) => reason switch
    {
        AutoStandbyReason.PolicyMissing => "policy_missing",
        AutoStandbyReason.PolicyDisabled => "policy_disabled",
        AutoStandbyReason.InstanceNotRunning => "instance_not_running",
        AutoStandbyReason.NetworkDisabled => "network_disabled",
        AutoStandbyReason.MissingIp => "missing_ip",
        AutoStandbyReason.ActiveInboundConnections => "active_inbound_connections",
        AutoStandbyReason.IdleTimeoutNotElapsed => "idle_timeout_not_elapsed",
        AutoStandbyReason.ReadyForStandby => "ready_for_standby",
        AutoStandbyReason.ObserverError => "observer_error",
    };
}

using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>When an instance is put to sleep by itself.</summary>
/// <param name="Enabled">Whether it is.</param>
/// <param name="IdleTimeout">How long nobody must have used it, for example <c>5m</c>.</param>
/// <param name="IgnoreSourceCidrs">Networks whose connections do not count, for example <c>10.0.0.0/8</c>.</param>
/// <param name="IgnoreDestinationPorts">Ports of it to which connections do not count.</param>
public sealed record AutoStandbyPolicy(
    bool Enabled, string? IdleTimeout = null, IReadOnlyList<string>? IgnoreSourceCidrs = null,
    IReadOnlyList<int>? IgnoreDestinationPorts = null);

/// <summary>How far an instance is from being put to sleep by itself, and why.</summary>
public sealed record AutoStandbyStatus : ApiResource
{
    /// <summary>disabled, ineligible, active, idle_countdown, ready_for_standby, standby_requested or error.</summary>
    public string Status { get; init; } = "";

    public string Reason { get; init; } = "";
    public int ActiveInboundConnections { get; init; }
    public string? IdleTimeout { get; init; }
    public DateTimeOffset? IdleSince { get; init; }
    public DateTimeOffset? LastInboundActivityAt { get; init; }
    public DateTimeOffset? NextStandbyAt { get; init; }
    public DateTimeOffset? HoldUntil { get; init; }
}

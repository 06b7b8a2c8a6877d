using System.Text.Json.Serialization;

namespace Hypeman.Contracts.Instances.Policies;

[JsonConverter(typeof(JsonStringEnumConverter<AutoStandbyState>))]
public enum AutoStandbyState
{
    Disabled,
    Ineligible,

    /// <summary>It is used.</summary>
    Active,

    /// <summary>It is not used, but not for long enough.</summary>
    IdleCountdown,
    ReadyForStandby,

    /// <summary>It is being put to sleep.</summary>
    StandbyRequested,

    /// <summary>Its node cannot tell whether it is used.</summary>
    Error,
}

[JsonConverter(typeof(JsonStringEnumConverter<AutoStandbyReason>))]
public enum AutoStandbyReason
{
    PolicyMissing,
    PolicyDisabled,
    InstanceNotRunning,
    NetworkDisabled,
    MissingIp,
    ActiveInboundConnections,
    IdleTimeoutNotElapsed,
    ReadyForStandby,
    ObserverError,
}

/// <summary>How far an instance is from being put to sleep by itself, and why.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.auto-standby-status")]
public sealed record AutoStandbyStatus
{
    /// <summary>Null: it has none.</summary>
    [Id(0)] public AutoStandbyPolicy? Policy { get; init; }

    [Id(1)] public required AutoStandbyState State { get; init; }
    [Id(2)] public required AutoStandbyReason Reason { get; init; }

    /// <summary>Open ones that count, with sessions of the guest agent.</summary>
    [Id(3)] public int Connections { get; init; }

    /// <summary>Since when nobody has used it; null while somebody does.</summary>
    [Id(4)] public DateTimeOffset? IdleSince { get; init; }

    /// <summary>Null when no use of it is known.</summary>
    [Id(5)] public DateTimeOffset? LastUseAt { get; init; }

    /// <summary>Null while nothing is counted down.</summary>
    [Id(6)] public DateTimeOffset? NextStandbyAt { get; init; }

    /// <summary>Null when nobody holds it, or not any more.</summary>
    [Id(7)] public DateTimeOffset? HoldUntil { get; init; }

    /// <summary>Nothing but its use keeps it from being put to sleep.</summary>
    public bool IsEligible => State is AutoStandbyState.Active or AutoStandbyState.IdleCountdown or AutoStandbyState.ReadyForStandby
        or AutoStandbyState.StandbyRequested;
}

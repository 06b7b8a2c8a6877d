using Hypeman.GuestProtocol.Boot;

namespace Hypeman.GuestProtocol.Messages;

/// <summary>What tells a machine from others that went on from the same memory.</summary>
public sealed record GuestIdentity
{
    public required string Hostname { get; init; }

    /// <summary>Null: no network but the loopback.</summary>
    public GuestNetwork? Network { get; init; }

    /// <summary>See <see cref="GuestBootConfig.MachineId"/>.</summary>
    public string? MachineId { get; init; }
}

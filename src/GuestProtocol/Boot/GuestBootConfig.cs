using Hypeman.GuestProtocol.Messages;

namespace Hypeman.GuestProtocol.Boot;

/// <summary>What init reads from the disk with the serial <see cref="DiskSerials.Config"/> before it does anything.</summary>
public sealed record GuestBootConfig
{
    /// <summary>Number of this boot; every event carries it, so that one event file can hold many boots.</summary>
    public long Boot { get; init; }

    public required string Hostname { get; init; }

    /// <summary>What runs once the guest is up.</summary>
    public required GuestProgram Program { get; init; }

    /// <summary>Null: no network but the loopback.</summary>
    public GuestNetwork? Network { get; init; }

    /// <summary>
    /// 32 hexadecimal digits for a machine whose disk began as a copy of another's: they take the place of what
    /// <c>/etc/machine-id</c> says, if that says anything. Null leaves it alone.
    /// </summary>
    public string? MachineId { get; init; }

    /// <summary>Start no agent and do not wait for one.</summary>
    public bool SkipGuestAgent { get; init; }

    /// <summary>Fresh random bytes for the guest's generator, at least 32; null leaves it to the kernel.</summary>
    public byte[]? EntropySeed { get; init; }

    /// <summary>The host's time when the disk was written; a guest clock that is behind it is set to it.</summary>
    public DateTimeOffset? WallClock { get; init; }
}

/// <summary>One IPv4 interface.</summary>
public sealed record GuestNetwork
{
    /// <summary>Tells which interface is meant, for example <c>02:00:00:00:00:01</c>.</summary>
    public required string Mac { get; init; }

    public required string Ip { get; init; }
    public required int Prefix { get; init; }

    /// <summary>Null: no default route.</summary>
    public string? Gateway { get; init; }

    public IReadOnlyList<string> Dns { get; init; } = [];
}

/// <summary>How the guest tells its disks apart: <c>serial=</c> of the virtio-blk device.</summary>
public static class DiskSerials
{
    /// <summary>The image, EROFS or ext4, read only.</summary>
    public const string Root = "root";

    /// <summary>The writable ext4 disk above it.</summary>
    public const string Overlay = "overlay";

    /// <summary>The boot configuration, read only.</summary>
    public const string Config = "config";
}

/// <summary>Names of the virtio-serial ports.</summary>
public static class PortNames
{
    /// <summary>The channel between host and agent.</summary>
    public const string Agent = "hypeman.agent";

    /// <summary>Where init writes its events; the host side is a file.</summary>
    public const string Events = "hypeman.events";
}

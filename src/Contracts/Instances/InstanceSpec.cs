using Hypeman.Contracts.Instances.Policies;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Contracts.Instances;

/// <summary>What a caller asked an instance to be. Sizes are bytes, rates bytes per second; zero means no limit.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-spec")]
public sealed record InstanceSpec
{
    [Id(0)] public required string Name { get; init; }

    /// <summary>The image reference as the caller wrote it; normalized when the instance is made.</summary>
    [Id(1)] public required string Image { get; init; }

    [Id(2)] public required long MemoryBytes { get; init; }
    [Id(3)] public long HotplugBytes { get; init; }
    [Id(4)] public required long OverlayBytes { get; init; }
    [Id(5)] public required int Vcpus { get; init; }
    [Id(6)] public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();
    [Id(7)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>Replaces the image's entrypoint and drops its command, as docker does; null keeps the image's.</summary>
    [Id(8)] public IReadOnlyList<string>? Entrypoint { get; init; }

    /// <summary>Replaces the image's command; null keeps it.</summary>
    [Id(9)] public IReadOnlyList<string>? Cmd { get; init; }

    [Id(10)] public bool NetworkEnabled { get; init; } = true;
    [Id(11)] public long DownloadBytesPerSecond { get; init; }
    [Id(12)] public long UploadBytesPerSecond { get; init; }
    [Id(13)] public long DiskBytesPerSecond { get; init; }

    /// <summary>A hypervisor name of the API (<c>qemu</c>, <c>qemu-microvm</c> ...); null takes the node's default.</summary>
    [Id(14)] public string? Hypervisor { get; init; }

    [Id(15)] public bool SkipGuestAgent { get; init; }
    [Id(16)] public bool SkipKernelHeaders { get; init; }

    /// <summary>Null: on any node.</summary>
    [Id(17)] public PlacementSpec? Placement { get; init; }

    /// <summary>Null: as the server does by default.</summary>
    [Id(18)] public SnapshotPolicy? SnapshotPolicy { get; init; }

    /// <summary>Only of a create: an instance keeps the end that comes of it, and copies have none.</summary>
    [Id(19)] public InstanceLifetime? Lifetime { get; init; }

    /// <summary>Null: it is not started again by itself.</summary>
    [Id(20)] public RestartPolicy? RestartPolicy { get; init; }

    /// <summary>Null: whether it does what it is there for is not looked at.</summary>
    [Id(21)] public HealthCheck? HealthCheck { get; init; }

    /// <summary>Null: it is not put to sleep by itself.</summary>
    [Id(22)] public AutoStandbyPolicy? AutoStandby { get; init; }
}

/// <summary>What may be changed when a stopped instance is started. Null keeps what was set before.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-start")]
public sealed record InstanceStartSpec
{
    [Id(0)] public IReadOnlyList<string>? Entrypoint { get; init; }
    [Id(1)] public IReadOnlyList<string>? Cmd { get; init; }
}

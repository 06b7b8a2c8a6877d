using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>An instance as the server tells of it.</summary>
public sealed record Instance : ApiResource
{
    public required string Id { get; init; }
    public required string Name { get; init; }
    public string Image { get; init; } = "";

    /// <summary>Created, Initializing, Running, Paused, Shutdown, Stopped, Standby or Unknown.</summary>
    public string State { get; init; } = "";

    public string? StateError { get; init; }
    public string? Size { get; init; }
    public int? Vcpus { get; init; }
    public InstanceNetwork? Network { get; init; }

    /// <summary>Id of the node that it lives on.</summary>
    public string? Node { get; init; }

    public DateTimeOffset? CreatedAt { get; init; }
    public DateTimeOffset? ExpiresAt { get; init; }
    public int? ExitCode { get; init; }
    public string? ExitMessage { get; init; }
    public HealthStatus? HealthStatus { get; init; }
    public AutoStandbyPolicy? AutoStandby { get; init; }
    public RestartPolicy? RestartPolicy { get; init; }
    public RestartStatus? RestartStatus { get; init; }
}

/// <summary>Where an instance is on the network; no address while it has none.</summary>
public sealed record InstanceNetwork : ApiResource
{
    public bool Enabled { get; init; }
    public string? Ip { get; init; }
}

/// <summary>How far an instance is with being started again by itself.</summary>
public sealed record RestartStatus : ApiResource
{
    public int? Attempts { get; init; }
    public DateTimeOffset? LastAttemptAt { get; init; }
    public DateTimeOffset? NextAttemptAt { get; init; }
    public string? BlockedReason { get; init; }
}

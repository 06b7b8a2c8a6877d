using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

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
    public DateTimeOffset? CreatedAt { get; init; }
    public int? ExitCode { get; init; }
    public string? ExitMessage { get; init; }
}

public sealed record InstanceNetwork : ApiResource
{
    public bool Enabled { get; init; }
    public string? Ip { get; init; }
}

/// <summary>A wish for an instance; what is null takes the server's default.</summary>
public sealed record CreateInstance
{
    public required string Name { get; init; }
    public required string Image { get; init; }
    public string? Size { get; init; }
    public string? OverlaySize { get; init; }
    public int? Vcpus { get; init; }
    public IReadOnlyDictionary<string, string>? Env { get; init; }
    public IReadOnlyDictionary<string, string>? Tags { get; init; }
    public IReadOnlyList<string>? Entrypoint { get; init; }
    public IReadOnlyList<string>? Cmd { get; init; }
    public string? Hypervisor { get; init; }
    public CreateNetwork? Network { get; init; }
}

public sealed record CreateNetwork(bool Enabled);

public sealed record StartInstance(IReadOnlyList<string>? Entrypoint = null, IReadOnlyList<string>? Cmd = null);

public sealed record WaitResult : ApiResource
{
    public string State { get; init; } = "";
    public string? StateError { get; init; }
    public bool TimedOut { get; init; }
}

public sealed record PathInfo : ApiResource
{
    public bool Exists { get; init; }
    public bool IsDir { get; init; }
    public bool IsFile { get; init; }
    public bool IsSymlink { get; init; }
    public string? LinkTarget { get; init; }
    public int? Mode { get; init; }
    public long? Size { get; init; }
    public string? Error { get; init; }
}

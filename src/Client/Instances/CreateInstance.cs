namespace Hypeman.Client.Instances;

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

    /// <summary>How long it is to live, for example <c>24h</c>.</summary>
    public string? Ttl { get; init; }

    public RestartPolicy? RestartPolicy { get; init; }
    public AutoStandbyPolicy? AutoStandby { get; init; }
    public HealthCheck? HealthCheck { get; init; }
}

/// <summary>Whether a new instance is on the network.</summary>
public sealed record CreateNetwork(bool Enabled);

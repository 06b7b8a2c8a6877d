using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>How to find out whether what an instance runs does what it is there for.</summary>
/// <param name="Type">none, http, tcp or exec; the member of that name says more.</param>
public sealed record HealthCheck(string Type, HttpCheck? Http = null, TcpCheck? Tcp = null, ExecCheck? Exec = null);

/// <summary>A GET that must be answered with 200.</summary>
public sealed record HttpCheck(int Port, string? Path = null);

/// <summary>A connection that must be taken.</summary>
public sealed record TcpCheck(int Port);

/// <summary>A command that must end with 0.</summary>
public sealed record ExecCheck(IReadOnlyList<string> Command);

/// <summary>What the probes of an instance have found.</summary>
public sealed record HealthStatus : ApiResource
{
    /// <summary>disabled, starting, healthy, unhealthy or unknown.</summary>
    public string Status { get; init; } = "";

    public string? LastError { get; init; }
}

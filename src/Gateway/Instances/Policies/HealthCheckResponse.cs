using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances.Policies;

internal sealed record HealthCheckResponse
{
    public required string Type { get; init; }
    public required string Interval { get; init; }
    public required string Timeout { get; init; }
    public required string StartPeriod { get; init; }
    public required int FailureThreshold { get; init; }
    public required int SuccessThreshold { get; init; }
    public HttpProbeResponse? Http { get; init; }
    public TcpProbeResponse? Tcp { get; init; }
    public ExecProbeResponse? Exec { get; init; }

    public static HealthCheckResponse? From(HealthCheck? check) => check is null ? null : new HealthCheckResponse
    {
        Type = check.Kind switch
        {
            HealthCheckKind.None => "none",
            HealthCheckKind.Http => "http",
            HealthCheckKind.Tcp => "tcp",
            HealthCheckKind.Exec => "exec",
        },
        Interval = GoDuration.Format(check.Interval),
        Timeout = GoDuration.Format(check.Timeout),
        StartPeriod = GoDuration.Format(check.StartPeriod),
        FailureThreshold = check.FailureThreshold,
        SuccessThreshold = check.SuccessThreshold,
        Http = check.Http is { } http ? new(http.Port, http.Path, http.IsSecure ? "https" : "http", http.ExpectedStatus) : null,
        Tcp = check.Tcp is { } tcp ? new(tcp.Port) : null,
        Exec = check.Exec is { } exec ? new(exec.Command, exec.WorkingDirectory) : null,
    };
}

internal sealed record HttpProbeResponse(int Port, string Path, string Scheme, int ExpectedStatus);

internal sealed record TcpProbeResponse(int Port);

internal sealed record ExecProbeResponse(IReadOnlyList<string> Command, string? WorkingDir);

internal sealed record HealthStatusResponse
{
    private static readonly HealthStatusResponse Disabled = new() { Status = "disabled", ConsecutiveSuccesses = 0, ConsecutiveFailures = 0 };

    public required string Status { get; init; }
    public required int ConsecutiveSuccesses { get; init; }
    public required int ConsecutiveFailures { get; init; }
    public DateTime? LastCheckedAt { get; init; }
    public DateTime? LastSuccessAt { get; init; }
    public DateTime? LastFailureAt { get; init; }
    public string? LastError { get; init; }

    /// <param name="status">Null of an instance without a check.</param>
    public static HealthStatusResponse From(HealthStatus? status) => status is null ? Disabled : new HealthStatusResponse
    {
        Status = status.State switch
        {
            HealthState.Unknown => "unknown",
            HealthState.Starting => "starting",
            HealthState.Healthy => "healthy",
            HealthState.Unhealthy => "unhealthy",
        },
        ConsecutiveSuccesses = status.Successes,
        ConsecutiveFailures = status.Failures,
        LastCheckedAt = status.LastCheckedAt?.UtcDateTime,
        LastSuccessAt = status.LastSuccessAt?.UtcDateTime,
        LastFailureAt = status.LastFailureAt?.UtcDateTime,
        LastError = status.LastError,
    };
}

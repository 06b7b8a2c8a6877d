using System.Text.Json.Serialization;

namespace Hypeman.Contracts.Instances.Policies;

[JsonConverter(typeof(JsonStringEnumConverter<HealthCheckKind>))]
public enum HealthCheckKind
{
    None,
    Http,
    Tcp,
    Exec,
}

/// <summary>How to find out whether what an instance runs does what it is there for. Of the probes only that of its kind is set.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.health-check")]
public sealed record HealthCheck
{
    [Id(0)] public required HealthCheckKind Kind { get; init; }

    /// <summary>The pause between two probes.</summary>
    [Id(1)] public TimeSpan Interval { get; init; } = TimeSpan.FromSeconds(10);

    /// <summary>How long a probe may take.</summary>
    [Id(2)] public TimeSpan Timeout { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>From its start, until a failure counts.</summary>
    [Id(3)] public TimeSpan StartPeriod { get; init; } = TimeSpan.FromSeconds(30);

    /// <summary>Failures in a row that make it unhealthy.</summary>
    [Id(4)] public int FailureThreshold { get; init; } = 3;

    /// <summary>Successes in a row that make it healthy.</summary>
    [Id(5)] public int SuccessThreshold { get; init; } = 1;

    [Id(6)] public HttpProbe? Http { get; init; }
    [Id(7)] public TcpProbe? Tcp { get; init; }
    [Id(8)] public ExecProbe? Exec { get; init; }
}

/// <summary>A GET that must be answered with one status.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.http-probe")]
public sealed record HttpProbe
{
    [Id(0)] public required int Port { get; init; }
    [Id(1)] public string Path { get; init; } = "/";

    /// <summary>With TLS; whose certificate it is is not looked at.</summary>
    [Id(2)] public bool IsSecure { get; init; }

    [Id(3)] public int ExpectedStatus { get; init; } = 200;
}

/// <summary>A connection that must be taken.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.tcp-probe")]
public sealed record TcpProbe([property: Id(0)] int Port);

/// <summary>A command in the guest that must end with 0.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.exec-probe")]
public sealed record ExecProbe
{
    [Id(0)] public required IReadOnlyList<string> Command { get; init; }
    [Id(1)] public string? WorkingDirectory { get; init; }
}

[JsonConverter(typeof(JsonStringEnumConverter<HealthState>))]
public enum HealthState
{
    /// <summary>It does not run, or its node is away.</summary>
    Unknown,

    /// <summary>It runs, and there was no verdict yet.</summary>
    Starting,
    Healthy,
    Unhealthy,
}

/// <summary>What the probes of an instance have found since it was started.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.health-status")]
public sealed record HealthStatus
{
    [Id(0)] public required HealthState State { get; init; }

    /// <summary>In a row, up to the last probe.</summary>
    [Id(1)] public int Successes { get; init; }

    /// <inheritdoc cref="Successes"/>
    [Id(2)] public int Failures { get; init; }

    [Id(3)] public DateTimeOffset? LastCheckedAt { get; init; }
    [Id(4)] public DateTimeOffset? LastSuccessAt { get; init; }
    [Id(5)] public DateTimeOffset? LastFailureAt { get; init; }

    /// <summary>What the last failure was, in a few words; null when there was none.</summary>
    [Id(6)] public string? LastError { get; init; }
}

using System.Text.Json.Serialization;

namespace Hypeman.Contracts.Instances.Policies;

[JsonConverter(typeof(JsonStringEnumConverter<RestartMode>))]
public enum RestartMode
{
    Never,

    /// <summary>Whenever it has ended by itself, or is unhealthy.</summary>
    Always,

    /// <summary>When it has ended with another code than 0, or nobody knows how, or is unhealthy.</summary>
    OnFailure,
}

/// <summary>Whether an instance that has ended by itself is started again.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.restart-policy")]
public sealed record RestartPolicy
{
    [Id(0)] public required RestartMode Mode { get; init; }

    /// <summary>The pause before each attempt.</summary>
    [Id(1)] public TimeSpan Backoff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>Attempts in a row, before it is left alone; zero for any number.</summary>
    [Id(2)] public int MaxAttempts { get; init; }

    /// <summary>Having run this long, it begins to count anew.</summary>
    [Id(3)] public TimeSpan StableAfter { get; init; } = TimeSpan.FromMinutes(10);
}

/// <summary>Why an instance is not started by itself.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RestartBlock>))]
public enum RestartBlock
{
    /// <summary>Somebody wanted it to be stopped; until somebody starts it.</summary>
    ManualStop,
    MaxAttemptsExceeded,
}

/// <summary>What else than its end can be the reason for a restart.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<RestartReason>))]
public enum RestartReason
{
    HealthCheckFailed,
}

/// <summary>How far an instance is with being started again by itself.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.restart-status")]
public sealed record RestartStatus
{
    public static RestartStatus None { get; } = new();

    /// <summary>In a row.</summary>
    [Id(0)] public int Attempts { get; init; }

    [Id(1)] public DateTimeOffset? LastAttemptAt { get; init; }

    /// <summary>Null when none is to come.</summary>
    [Id(2)] public DateTimeOffset? NextAttemptAt { get; init; }

    [Id(3)] public RestartBlock? Blocked { get; init; }
    [Id(4)] public RestartReason? LastReason { get; init; }
}

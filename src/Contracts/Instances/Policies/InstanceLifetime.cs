namespace Hypeman.Contracts.Instances.Policies;

/// <summary>How long an instance is to live: for a while, or until a moment; with neither, until somebody deletes it.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-lifetime")]
public sealed record InstanceLifetime
{
    /// <summary>From the moment at which the wish is written down; more than zero.</summary>
    [Id(0)] public TimeSpan? Ttl { get; init; }

    [Id(1)] public DateTimeOffset? ExpiresAt { get; init; }
}

namespace Hypeman.Contracts.Instances.Policies;

/// <summary>When an instance is put to sleep by itself.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.auto-standby-policy")]
public sealed record AutoStandbyPolicy
{
    [Id(0)] public required bool Enabled { get; init; }

    /// <summary>How long nobody must have used it. Positive of one that is enabled.</summary>
    [Id(1)] public TimeSpan IdleTimeout { get; init; }

    /// <summary>Networks whose connections do not count, as <see cref="Cidr"/> writes them; in order, each once.</summary>
    [Id(2)] public IReadOnlyList<string> IgnoredSources { get; init; } = [];

    /// <summary>Ports of the instance to which connections do not count; in order, each once.</summary>
    [Id(3)] public IReadOnlyList<int> IgnoredPorts { get; init; } = [];

    /// <summary>Of records with lists in them, equality says nothing.</summary>
    public bool IsSame(AutoStandbyPolicy? other) =>
        other is not null && Enabled == other.Enabled && IdleTimeout == other.IdleTimeout
        && IgnoredSources.SequenceEqual(other.IgnoredSources) && IgnoredPorts.SequenceEqual(other.IgnoredPorts);
}

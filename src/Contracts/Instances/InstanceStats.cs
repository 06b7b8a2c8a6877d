namespace Hypeman.Contracts.Instances;

/// <summary>What an instance takes of its node now, and what it may. Nothing is taken by one that has no VM.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-stats")]
public sealed record InstanceStats
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string Name { get; init; }

    /// <summary>Of processors, since its VM's process began.</summary>
    [Id(2)] public required TimeSpan CpuTime { get; init; }

    [Id(3)] public required long ResidentBytes { get; init; }
    [Id(4)] public required long VirtualBytes { get; init; }

    /// <summary>By the instance, since its network card was made.</summary>
    [Id(5)] public required long ReceivedBytes { get; init; }

    /// <inheritdoc cref="ReceivedBytes"/>
    [Id(6)] public required long SentBytes { get; init; }

    [Id(7)] public required int AllocatedVcpus { get; init; }

    /// <summary>What it was made with and what may be added while it runs.</summary>
    [Id(8)] public required long AllocatedMemoryBytes { get; init; }
}

namespace Hypeman.Contracts.Instances;

/// <summary>A wish for a copy of an instance, or of a snapshot, that lives on apart from it.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.fork-spec")]
public sealed record ForkSpec
{
    /// <summary>Of the copy.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>The source may be running: it then stands still while it is copied, and goes on.</summary>
    [Id(1)] public bool FromRunning { get; init; }

    /// <summary>Running, Standby or Stopped; null takes the phase of the source.</summary>
    [Id(2)] public InstancePhase? Target { get; init; }

    /// <summary>What it is to run under; null takes what the source ran under. Only for a copy of a snapshot of kind Stopped.</summary>
    [Id(3)] public string? Hypervisor { get; init; }
}

/// <summary>What an instance began as a copy of.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-origin")]
public sealed record InstanceOrigin
{
    /// <summary>The instance, or the one that the snapshot is of.</summary>
    [Id(0)] public required string InstanceId { get; init; }

    /// <summary>Of the instance's owner when the copy was ordered.</summary>
    [Id(1)] public long Epoch { get; init; }

    /// <summary>Null: it is of the instance itself, as it was then.</summary>
    [Id(2)] public string? SnapshotId { get; init; }

    /// <summary>Else only the disk was copied.</summary>
    [Id(3)] public bool WithMemory { get; init; }

    /// <summary>What the source ran under, and the copy must.</summary>
    [Id(4)] public required string Hypervisor { get; init; }
}

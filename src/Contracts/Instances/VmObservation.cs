namespace Hypeman.Contracts.Instances;

/// <summary>What a node sees of one of its VMs. Stands for itself: no earlier observation is needed to read it.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.vm-observation")]
public sealed record VmObservation
{
    /// <summary>The owner epoch under which the node holds the VM; older ones are ignored.</summary>
    [Id(0)] public required long Epoch { get; init; }

    /// <summary>Counts the boots of this VM; an observation of an earlier boot is ignored.</summary>
    [Id(1)] public required long Boot { get; init; }

    /// <summary>Initializing, Running, Shutdown, Stopped or Unknown.</summary>
    [Id(2)] public required InstancePhase Phase { get; init; }

    [Id(3)] public string? Error { get; init; }
    [Id(4)] public string? Ip { get; init; }
    [Id(5)] public string? Mac { get; init; }
    [Id(6)] public DateTimeOffset? StartedAt { get; init; }
    [Id(7)] public DateTimeOffset? ExitedAt { get; init; }
    [Id(8)] public int? ExitCode { get; init; }
    [Id(9)] public string? ExitMessage { get; init; }

    /// <summary>The node that sees it; null when its home itself was asked.</summary>
    [Id(10)] public string? Node { get; init; }
}

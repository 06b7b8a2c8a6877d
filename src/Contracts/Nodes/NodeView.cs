namespace Hypeman.Contracts.Nodes;

/// <summary>A node as an operator sees it.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.node-view")]
public sealed record NodeView
{
    [Id(0)] public required NodeInfo Info { get; init; }
    [Id(1)] public required NodeCondition Condition { get; init; }

    /// <summary>When its silo last gave a sign of life, every five seconds; null when none is on record.</summary>
    [Id(2)] public DateTimeOffset? SeenAt { get; init; }

    /// <summary>What it says; null when it does not answer.</summary>
    [Id(3)] public NodeLoad? Load { get; init; }

    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>What a node says of itself: what is promised on it, what is left, and how its ingress is.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.node-load")]
public sealed record NodeLoad
{
    /// <summary>May be below zero: what is there already is never refused.</summary>
    [Id(0)] public required long FreeMemoryBytes { get; init; }

    /// <inheritdoc cref="FreeMemoryBytes"/>
    [Id(1)] public required long FreeDiskBytes { get; init; }

    [Id(2)] public required int Instances { get; init; }

    /// <summary>Whether the image that was asked about is there already.</summary>
    [Id(3)] public bool HasRoot { get; init; }

    /// <summary>Null when its process has no ingress.</summary>
    [Id(4)] public IngressHealth? Ingress { get; init; }
}

namespace Hypeman.Contracts.Instances;

/// <summary>A wish that an instance lives on another node.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.move-spec")]
public sealed record MoveSpec
{
    /// <summary>Id or host name of the node; null takes the one that a new instance of the kind would be put on.</summary>
    [Id(0)] public string? Node { get; init; }

    /// <summary>One that runs is stopped, and started there. Else it sleeps for the way.</summary>
    [Id(1)] public bool Restart { get; init; }
}

namespace Hypeman.Contracts.Instances;

/// <summary>Where an instance is wanted. What is null or empty does not matter.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.placement")]
public sealed record PlacementSpec
{
    /// <summary>The one node it may be on, by id, id prefix or host name.</summary>
    [Id(0)] public string? Node { get; init; }

    /// <summary>Labels that its node must have.</summary>
    [Id(1)] public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    /// <summary>Instances of one group are kept apart as far as there are nodes for it.</summary>
    [Id(2)] public string? SpreadGroup { get; init; }
}

namespace Hypeman.Contracts.Ingresses;

/// <summary>What a caller may know about an ingress; also its summary in the resource index.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.ingress-info")]
public sealed record IngressInfo
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required string Name { get; init; }
    [Id(2)] public required IReadOnlyList<IngressRule> Rules { get; init; }
    [Id(3)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    [Id(4)] public required DateTimeOffset CreatedAt { get; init; }
}

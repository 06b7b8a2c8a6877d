namespace Hypeman.Contracts.Index;

/// <summary>A filter; null fields do not filter, all tag pairs must match.</summary>
public sealed record ResourceQuery(ResourceKind Kind)
{
    public string? State { get; init; }
    public string? Home { get; init; }
    public string? Parent { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

namespace Hypeman.Contracts.Index;

/// <summary>What a row is about; a claim is unique within its kind.</summary>
public enum ResourceKind
{
    Node,
    Image,
    Instance,
    Ingress,
    Snapshot,
    Certificate,
}

/// <summary>One row of the index.</summary>
public sealed record ResourceRow
{
    public required ResourceKind Kind { get; init; }
    public required string Id { get; init; }
    public required string Name { get; init; }

    /// <summary>What it belongs to or points at: for an image its digest; null when nothing.</summary>
    public string? Parent { get; init; }

    /// <summary>The node it lives on; null for what lives nowhere in particular.</summary>
    public string? Home { get; init; }

    /// <summary>Number of the present owner; an order with a lower one is refused by the node.</summary>
    public long Epoch { get; init; } = 1;

    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();

    /// <summary>The phase or status word, for lists by state.</summary>
    public required string State { get; init; }

    /// <summary>The resource's Info as JSON, see <see cref="ResourceSummary"/>.</summary>
    public required string Summary { get; init; }

    /// <summary>Rises with every write of the owner.</summary>
    public required long Version { get; init; }

    public required DateTimeOffset CreatedAt { get; init; }
}

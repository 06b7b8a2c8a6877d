namespace Hypeman.Contracts.Index;

/// <summary>
/// The table of all resources of the fleet: names, homes, lists, tags, prefixes. Owner grains write their row after
/// each change; everybody reads. It answers lists without asking a single grain.
/// </summary>
public interface IResourceIndex
{
    /// <summary>
    /// Adds a row and takes its claims, both or neither. The same resource may do so again, with the same version or a
    /// higher one: a creation that was cut off is simply repeated.
    /// </summary>
    /// <exception cref="ResourceClaimedException">
    /// Another resource of this kind holds one of the claims; or this id is there with a higher version.
    /// </exception>
    Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken = default);

    /// <summary>Replaces a row whose version is lower; false when the row is gone or newer, and nothing changes.</summary>
    Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken = default);

    /// <summary>Removes a row and frees its claims. Removing what is not there is no error.</summary>
    Task DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default);

    Task<ResourceRow?> GetAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Finds by exact id, else by exact name, else by id prefix. One row is the answer, none means not found, two
    /// rows mean that <paramref name="idOrName"/> is ambiguous (more than two are never returned).
    /// </summary>
    Task<IReadOnlyList<ResourceRow>> FindAsync(
        ResourceKind kind, string idOrName, bool allowPrefix, CancellationToken cancellationToken = default);

    /// <summary>All rows that match, newest first, streamed.</summary>
    IAsyncEnumerable<ResourceRow> ListAsync(ResourceQuery query, CancellationToken cancellationToken = default);

    /// <summary>
    /// First every present row of the kinds, then <see cref="ResourceChange.Synced"/>, then each change, at least once
    /// and in order for one resource. Lost connections are taken up again inside.
    /// </summary>
    /// <exception cref="ResourceWatchExpiredException">The reader stayed away for about a day.</exception>
    IAsyncEnumerable<ResourceChange> WatchAsync(IReadOnlyList<ResourceKind> kinds, CancellationToken cancellationToken = default);
}

public enum ResourceKind
{
    Node,
    Image,
    Instance,
    Ingress,
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

/// <summary>A filter; null fields do not filter, all tag pairs must match.</summary>
public sealed record ResourceQuery(ResourceKind Kind)
{
    public string? State { get; init; }
    public string? Home { get; init; }
    public string? Parent { get; init; }
    public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
}

/// <summary>A row that was added or changed (<c>Row</c>), or an id that is gone (<c>Row</c> null), or the mark <c>Synced</c>.</summary>
public sealed record ResourceChange(ResourceKind? Kind, string? Id, ResourceRow? Row)
{
    public static ResourceChange Synced { get; } = new(null, null, null);
}

/// <summary>A name or another claim (<c>host:port</c>) is held by another resource.</summary>
public sealed class ResourceClaimedException(string claim, string heldBy)
    : Exception($"'{claim}' is held by {heldBy}")
{
    public string Claim { get; } = claim;
    public string HeldBy { get; } = heldBy;
}

/// <summary>
/// A watcher was cut off for longer than deletions are remembered. It must begin again and drop what it does not see.
/// </summary>
public sealed class ResourceWatchExpiredException()
    : Exception("The watch fell behind further than deletions are remembered; begin a new one.");

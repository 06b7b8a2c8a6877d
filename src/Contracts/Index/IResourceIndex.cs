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

    /// <summary>The same rows for those who look at all of them again and again, at a tenth of what a list takes.</summary>
    IAsyncEnumerable<ResourceGlance> GlanceAsync(ResourceQuery query, CancellationToken cancellationToken = default) =>
        ListAsync(query, cancellationToken).Select(row => new ResourceGlance(row.Id, row.State, row.Version));

    /// <summary>
    /// First every present row of the kinds, then <see cref="ResourceChange.Synced"/>, then each change, at least once
    /// and in order for one resource. Lost connections are taken up again inside.
    /// </summary>
    /// <exception cref="ResourceWatchExpiredException">The reader stayed away for about a day.</exception>
    IAsyncEnumerable<ResourceChange> WatchAsync(IReadOnlyList<ResourceKind> kinds, CancellationToken cancellationToken = default);
}

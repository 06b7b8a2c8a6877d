using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;

namespace Hypeman.Storage.Index;

/// <summary>
/// Changes the index, as <see cref="IResourceIndex"/> says. A write whose connection was lost may have happened or
/// not; it may be repeated as it was, since versions never fall and a resource keeps its own claims.
/// </summary>
internal interface IResourceWriter
{
    static IResourceWriter Of(Database database, TimeProvider time) =>
        database.Options.IsEmbedded ? new SqliteResourceWriter(database, time) : new PostgresResourceWriter(database, time);

    /// <exception cref="ResourceClaimedException">The id or one of the claims is held.</exception>
    Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken);

    /// <summary>False when there is no row with a lower version.</summary>
    Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken);

    /// <summary>False when there was no row.</summary>
    Task<bool> DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken);

    /// <summary>
    /// Adds a row and takes its claims, together with the first version of its grain's record. False when the record is
    /// not as it was read; nothing is written then.
    /// </summary>
    /// <exception cref="ResourceClaimedException">The id or one of the claims is held; nothing was written.</exception>
    Task<bool> InsertAsync(ResourceRow row, IReadOnlyList<string> claims, GrainRecord record);

    /// <summary>
    /// Replaces a grain's record and its row. False when the record is not as it was read; nothing is written then. A row
    /// that is missing or newer stays as it is.
    /// </summary>
    Task<bool> UpdateAsync(ResourceRow row, GrainRecord record);
}

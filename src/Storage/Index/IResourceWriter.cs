using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>
/// Changes the index, as <see cref="IResourceIndex"/> says. A write whose connection was lost may have happened or
/// not; it may be repeated as it was, since versions never fall and a resource keeps its own claims.
/// </summary>
internal interface IResourceWriter
{
    /// <exception cref="ResourceClaimedException">The id or one of the claims is held.</exception>
    Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken);

    /// <summary>False when there is no row with a lower version.</summary>
    Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken);

    /// <summary>False when there was no row.</summary>
    Task<bool> DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken);
}

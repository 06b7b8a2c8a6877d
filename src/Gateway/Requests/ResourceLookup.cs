using System.Data.Common;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;

namespace Hypeman.Gateway.Requests;

/// <summary>Finds what a path means, by id, name or unique id prefix, and what a list holds.</summary>
internal sealed class ResourceLookup(IResourceIndex index)
{
    /// <exception cref="HypemanException"><c>not_found</c> or <c>ambiguous</c>.</exception>
    public async Task<string> FindIdAsync(ResourceKind kind, string idOrName, CancellationToken cancellationToken)
    {
        IReadOnlyList<ResourceRow> rows;
        try
        {
            rows = await index.FindAsync(kind, idOrName, allowPrefix: true, cancellationToken);
        }
        catch (DbException) when (ResourceId.IsOne(idOrName))
        {
            // What has such an id needs no look-up; whoever is in memory answers without the database.
            return idOrName;
        }
        return rows.Count switch
        {
            0 => throw HypemanException.NotFound(),
            1 => rows[0].Id,
            _ => throw new HypemanException(ErrorKind.Ambiguous, "ambiguous", "multiple resources match, use full ID"),
        };
    }

    public IAsyncEnumerable<TInfo> ListAsync<TInfo>(ResourceQuery query, CancellationToken cancellationToken) =>
        index.ListAsync(query, cancellationToken).Select(ResourceSummary.Read<TInfo>);
}

using System.Data.Common;
using Hypeman.Contracts.Index;

namespace Hypeman.Tests.Testing.Index;

/// <summary>The resource index of the tests, in a database that can be down.</summary>
public sealed class FaultyIndex(IResourceIndex index) : IResourceIndex
{
    public bool IsDown { get; set; }

    private IResourceIndex Up => IsDown ? throw new DownException() : index;

    public Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken = default) =>
        Up.InsertAsync(row, claims, cancellationToken);

    public Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken = default) =>
        Up.UpdateAsync(row, cancellationToken);

    public Task DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default) =>
        Up.DeleteAsync(kind, id, cancellationToken);

    public Task<ResourceRow?> GetAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default) =>
        Up.GetAsync(kind, id, cancellationToken);

    public Task<IReadOnlyList<ResourceRow>> FindAsync(
        ResourceKind kind, string idOrName, bool allowPrefix, CancellationToken cancellationToken = default) =>
        Up.FindAsync(kind, idOrName, allowPrefix, cancellationToken);

    public IAsyncEnumerable<ResourceRow> ListAsync(ResourceQuery query, CancellationToken cancellationToken = default) =>
        Up.ListAsync(query, cancellationToken);

    public IAsyncEnumerable<ResourceChange> WatchAsync(
        IReadOnlyList<ResourceKind> kinds, CancellationToken cancellationToken = default) => Up.WatchAsync(kinds, cancellationToken);

    private sealed class DownException() : DbException("host=secret.example.com: connection refused");
}

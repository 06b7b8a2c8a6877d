using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Microsoft.Extensions.Logging;

namespace Hypeman.Storage.Index;

/// <summary>The resource index on either database.</summary>
internal sealed class ResourceIndex(
    Database database, IResourceWriter writer, ChangeSignal signal, TimeProvider time, ILogger<ResourceFeed> logger) : IResourceIndex
{
    private readonly ResourceReader _reader = new(database);
    private readonly FeedReader _feed = database.Options.IsEmbedded ? new SqliteFeedReader(time) : new PostgresFeedReader(time);

    public async Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken = default)
    {
        await writer.InsertAsync(row, claims, cancellationToken);
        signal.Raise(row.Kind);
    }

    public async Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken = default)
    {
        var changed = await writer.UpdateAsync(row, cancellationToken);
        if (changed)
            signal.Raise(row.Kind);
        return changed;
    }

    public async Task DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default)
    {
        if (await writer.DeleteAsync(kind, id, cancellationToken))
            signal.Raise(kind);
    }

    public Task<ResourceRow?> GetAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default) =>
        _reader.GetAsync(kind, id, cancellationToken);

    public Task<IReadOnlyList<ResourceRow>> FindAsync(
        ResourceKind kind, string idOrName, bool allowPrefix, CancellationToken cancellationToken = default) =>
        _reader.FindAsync(kind, idOrName, allowPrefix, cancellationToken);

    public IAsyncEnumerable<ResourceRow> ListAsync(ResourceQuery query, CancellationToken cancellationToken = default) =>
        _reader.ListAsync(query, cancellationToken);

    public IAsyncEnumerable<ResourceGlance> GlanceAsync(ResourceQuery query, CancellationToken cancellationToken = default) =>
        _reader.GlanceAsync(query, cancellationToken);

    public IAsyncEnumerable<ResourceChange> WatchAsync(
        IReadOnlyList<ResourceKind> kinds, CancellationToken cancellationToken = default) =>
        new ResourceFeed(database, _feed, signal, time, logger).WatchAsync(kinds, cancellationToken);
}

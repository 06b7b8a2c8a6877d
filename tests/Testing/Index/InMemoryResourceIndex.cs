using System.Runtime.CompilerServices;
using System.Threading.Channels;
using Hypeman.Contracts.Index;

namespace Hypeman.Tests.Testing.Index;

/// <summary>
/// The resource index in memory, with the rules of the stored one: unique names and claims, rising versions, prefix
/// look-ups, watches that begin with what is there. <see cref="BreakWatches"/> ends every watch with an error.
/// </summary>
public sealed class InMemoryResourceIndex : IResourceIndex
{
    private readonly Lock _gate = new();
    private readonly Dictionary<(ResourceKind, string), ResourceRow> _rows = [];
    private readonly Dictionary<(ResourceKind, string), string> _claims = [];
    private readonly List<Watch> _watches = [];

    public Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            foreach (var claim in claims)
                if (_claims.TryGetValue((row.Kind, claim), out var holder) && holder != row.Id)
                    throw new ResourceClaimedException(claim, holder);
            foreach (var claim in claims)
                _claims[(row.Kind, claim)] = row.Id;
            _rows[(row.Kind, row.Id)] = row;
            Publish(new ResourceChange(row.Kind, row.Id, row));
        }
        return Task.CompletedTask;
    }

    /// <summary>Updates that fail, as when the database is away.</summary>
    public Func<ResourceRow, bool> Refuse { get; set; } = _ => false;

    /// <summary>How many updates have failed.</summary>
    public int Refused { get; private set; }

    public Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken = default)
    {
        if (Refuse(row))
        {
            Refused++;
            throw new IOException("The index was made to refuse.");
        }
        lock (_gate)
        {
            if (!_rows.TryGetValue((row.Kind, row.Id), out var present) || present.Version >= row.Version)
                return Task.FromResult(false);
            _rows[(row.Kind, row.Id)] = row;
            Publish(new ResourceChange(row.Kind, row.Id, row));
        }
        return Task.FromResult(true);
    }

    public Task DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            foreach (var claim in _claims.Where(c => c.Key.Item1 == kind && c.Value == id).Select(c => c.Key).ToList())
                _claims.Remove(claim);
            if (_rows.Remove((kind, id)))
                Publish(new ResourceChange(kind, id, null));
        }
        return Task.CompletedTask;
    }

    public Task<ResourceRow?> GetAsync(ResourceKind kind, string id, CancellationToken cancellationToken = default)
    {
        lock (_gate)
            return Task.FromResult(_rows.GetValueOrDefault((kind, id)));
    }

    public Task<IReadOnlyList<ResourceRow>> FindAsync(
        ResourceKind kind, string idOrName, bool allowPrefix, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_rows.TryGetValue((kind, idOrName), out var exact))
                return Task.FromResult<IReadOnlyList<ResourceRow>>([exact]);
            var named = OfKind(kind).Where(r => r.Name == idOrName).Take(2).ToList();
            if (named.Count == 0 && allowPrefix && idOrName.Length > 0)
                named = OfKind(kind).Where(r => r.Id.StartsWith(idOrName, StringComparison.Ordinal)).Take(2).ToList();
            return Task.FromResult<IReadOnlyList<ResourceRow>>(named);
        }
    }

    public async IAsyncEnumerable<ResourceRow> ListAsync(
        ResourceQuery query, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        List<ResourceRow> rows;
        lock (_gate)
            rows = OfKind(query.Kind).Where(r => Matches(r, query)).OrderByDescending(r => r.CreatedAt).ToList();
        await Task.CompletedTask;
        foreach (var row in rows)
            yield return row;
    }

    public async IAsyncEnumerable<ResourceChange> WatchAsync(
        IReadOnlyList<ResourceKind> kinds, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        var watch = new Watch(kinds, Channel.CreateUnbounded<ResourceChange>());
        lock (_gate)
        {
            foreach (var row in _rows.Values.Where(r => kinds.Contains(r.Kind)))
                watch.Changes.Writer.TryWrite(new ResourceChange(row.Kind, row.Id, row));
            watch.Changes.Writer.TryWrite(ResourceChange.Synced);
            _watches.Add(watch);
        }
        try
        {
            await foreach (var change in watch.Changes.Reader.ReadAllAsync(cancellationToken))
                yield return change;
        }
        finally
        {
            lock (_gate)
                _watches.Remove(watch);
        }
    }

    /// <summary>Ends every watch with an error; rows may then change unseen until the watchers come back.</summary>
    public void BreakWatches()
    {
        lock (_gate)
            foreach (var watch in _watches)
                watch.Changes.Writer.TryComplete(new IOException("The watch was broken by the test."));
    }

    private IEnumerable<ResourceRow> OfKind(ResourceKind kind) => _rows.Values.Where(r => r.Kind == kind);

    private static bool Matches(ResourceRow row, ResourceQuery query) =>
        (query.State is null || row.State == query.State)
        && (query.Home is null || row.Home == query.Home)
        && (query.Parent is null || row.Parent == query.Parent)
        && query.Tags.All(tag => row.Tags.TryGetValue(tag.Key, out var value) && value == tag.Value);

    private void Publish(ResourceChange change)
    {
        foreach (var watch in _watches)
            if (watch.Kinds.Contains(change.Kind!.Value))
                watch.Changes.Writer.TryWrite(change);
    }

    private sealed record Watch(IReadOnlyList<ResourceKind> Kinds, Channel<ResourceChange> Changes);
}

using System.Data.Common;
using Dapper;
using Hypeman.Storage.Databases;

namespace Hypeman.Tests.Storage.Index;

/// <summary>Writes and follows the index with the queries of the build that knew schema 2 and no later one.</summary>
internal sealed class OldSilo(Database database)
{
    /// <summary>It has no other way to hear of changes than to ask.</summary>
    private static readonly TimeSpan PollInterval = TimeSpan.FromMilliseconds(5);

    public const string Insert =
        """
        INSERT INTO resources (kind, id, name, parent, home, epoch, state, tags, summary, version, created_at, revision)
        VALUES ('instance', @id, @id, NULL, NULL, 1, 'Running', '{}', '{}', @version, 0, @revision)
        ON CONFLICT (kind, id) DO UPDATE SET version = @version, revision = @revision WHERE resources.version <= @version
        """;

    private const int BatchSize = 500;

    private const string Changes =
        """
        SELECT f.revision AS Feed, f.forgotten AS Forgotten, c.*
        FROM resource_feed f
        LEFT JOIN (
            SELECT r.id, r.version, r.revision, 0 AS gone FROM resources r WHERE r.revision > @after AND r.kind IN ('instance')
            UNION ALL
            SELECT t.id, 0, t.revision, 1 FROM resource_tombstones t WHERE t.revision > @after AND t.kind IN ('instance')
            ORDER BY revision
            LIMIT @limit
        ) c ON TRUE
        ORDER BY c.revision
        """;

    private readonly Dictionary<string, long> _rows = [];

    public bool Equals(Dictionary<string, long> table)
    {
        lock (_rows)
            return _rows.Count == table.Count && table.All(r => _rows.GetValueOrDefault(r.Key) == r.Value);
    }

    /// <summary>Takes a revision, writes, and stays in its transaction for a while.</summary>
    public async Task WriteAsync(string id, long version, int milliseconds)
    {
        await using var connection = await database.Writes.OpenConnectionAsync();
        await using var transaction = await connection.BeginTransactionAsync();
        var revision = await connection.QuerySingleAsync<long>(
            "UPDATE resource_feed SET revision = revision + 1 RETURNING revision", transaction: transaction);
        await connection.ExecuteAsync(Insert, new { id, version, revision }, transaction);
        await connection.ExecuteAsync("DELETE FROM resource_tombstones WHERE kind = 'instance' AND id = @id", new { id }, transaction);
        await Task.Delay(milliseconds);
        await transaction.CommitAsync();
    }

    /// <summary>Follows until cancelled, and begins anew when it is told that it fell behind.</summary>
    public async Task<Dictionary<string, long>> WatchAsync(CancellationToken cancellationToken)
    {
        while (true)
        {
            await using var connection = await database.Reads.OpenConnectionAsync(cancellationToken);
            var after = await connection.QuerySingleAsync<long>("SELECT revision FROM resource_feed");
            var rows = await connection.QueryAsync<(string Id, long Version)>("SELECT id, version FROM resources");
            lock (_rows)
            {
                _rows.Clear();
                foreach (var (id, version) in rows)
                    _rows[id] = version;
            }
            await FollowAsync(connection, after, cancellationToken);
        }
    }

    private async Task FollowAsync(DbConnection connection, long after, CancellationToken cancellationToken)
    {
        while (true)
        {
            Change[] changes = [.. await connection.QueryAsync<Change>(Changes, new { after, limit = BatchSize })];
            if (changes[0].Forgotten > after)
                return;
            lock (_rows)
            {
                foreach (Change change in changes.Where(c => c.Revision is not null))
                {
                    if (change.Gone == 1)
                        _rows.Remove(change.Id!);
                    else
                        _rows[change.Id!] = change.Version!.Value;
                }
            }
            var all = changes.Count(c => c.Revision is not null);
            after = all == BatchSize ? changes[^1].Revision!.Value : changes[0].Feed;
            await Task.Delay(PollInterval, cancellationToken);
        }
    }

    private sealed record Change
    {
        public long Feed { get; init; }
        public long Forgotten { get; init; }
        public string? Id { get; init; }
        public long? Version { get; init; }
        public long? Revision { get; init; }
        public int? Gone { get; init; }
    }
}

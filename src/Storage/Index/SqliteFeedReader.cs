using System.Data.Common;
using Dapper;

namespace Hypeman.Storage.Index;

/// <summary>One writer at a time: revisions become visible in order, so a position is the last one that was read.</summary>
internal sealed class SqliteFeedReader(TimeProvider time) : FeedReader(time)
{
    private const string Changes =
        $"""
        SELECT f.revision AS Seen, f.forgotten AS Forgotten, c.*
        FROM resource_feed f
        LEFT JOIN (
            SELECT {ResourceRecord.Columns}, 0 AS Gone
            FROM resources r
            WHERE r.revision > @revision AND r.kind IN @kinds
            UNION ALL
            SELECT t.kind, t.id, '', NULL, NULL, 0, '', '', '', 0, 0, t.revision, 1
            FROM resource_tombstones t
            WHERE t.revision > @revision AND t.kind IN @kinds
            ORDER BY revision
            LIMIT @limit
        ) c ON TRUE
        ORDER BY c.revision
        """;

    public override async Task<FeedPosition> NowAsync(DbConnection connection, CancellationToken cancellationToken) =>
        new Position(Now, await connection.QuerySingleAsync<long>(
            new CommandDefinition("SELECT revision FROM resource_feed", cancellationToken: cancellationToken)));

    public override async Task<FeedBatch> ReadAsync(
        DbConnection connection, string[] kinds, FeedPosition after, CancellationToken cancellationToken)
    {
        var ((_, revision), now) = ((Position)after, Now);
        var (feed, entries) = await QueryAsync(connection, Changes, new { revision, kinds, limit = BatchSize }, cancellationToken);
        var hasMore = entries.Length == BatchSize;
        var next = hasMore ? entries[^1].Revision!.Value : long.Parse(feed.Seen, System.Globalization.CultureInfo.InvariantCulture);
        return new FeedBatch(entries, new Position(now, next), hasMore, feed.Forgotten > revision);
    }

    private sealed record Position(DateTimeOffset At, long Revision) : FeedPosition(At);
}

using System.Data.Common;
using System.Globalization;
using Dapper;
using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>
/// Writers commit in any order, so a position is a snapshot of PostgreSQL: the number below which all transactions had
/// ended, and those above it that had. What it did not see and what is there now is new, however old its number is.
/// </summary>
internal sealed class PostgresFeedReader(TimeProvider time) : FeedReader(time)
{
    // Each table is limited by itself too: else the planner may think that reading it whole is cheaper.
    public const string Changes =
        $"""
        SELECT pg_current_snapshot()::text AS Seen, h.forgotten AS Forgotten, c.*
        FROM resource_horizon h
        LEFT JOIN (
            (SELECT {ResourceRecord.Columns}, 0 AS Gone
            FROM resources r
            WHERE (r.revision, r.kind, r.id) > (@revision, @kind, @id) AND r.kind = ANY (@kinds)
                AND NOT pg_visible_in_snapshot(r.revision::text::xid8, @seen::pg_snapshot)
            ORDER BY r.revision, r.kind, r.id
            LIMIT @limit)
            UNION ALL
            (SELECT t.kind, t.id, '', NULL, NULL, 0, '', '', '', 0, 0, t.revision, 1
            FROM resource_tombstones t
            WHERE (t.revision, t.kind, t.id) > (@revision, @kind, @id) AND t.kind = ANY (@kinds)
                AND NOT pg_visible_in_snapshot(t.revision::text::xid8, @seen::pg_snapshot)
            ORDER BY t.revision, t.kind, t.id
            LIMIT @limit)
            ORDER BY revision, kind, id
            LIMIT @limit
        ) c ON TRUE
        ORDER BY c.revision, c.kind, c.id
        """;

    public override async Task<FeedPosition> NowAsync(DbConnection connection, CancellationToken cancellationToken) =>
        new Position(Now, await connection.QuerySingleAsync<string>(
            new CommandDefinition("SELECT pg_current_snapshot()::text", cancellationToken: cancellationToken)));

    public override async Task<FeedBatch> ReadAsync(
        DbConnection connection, string[] kinds, FeedPosition after, CancellationToken cancellationToken)
    {
        var position = (Position)after;
        var now = Now;
        var (feed, entries) = await QueryAsync(connection, Changes, new
        {
            position.Last.Revision, position.Last.Kind, position.Last.Id, kinds, seen = position.Seen, limit = BatchSize,
        }, cancellationToken);
        if (LowestOpen(feed.Seen) < LowestOpen(position.Seen))
            throw new ResourceWatchExpiredException();

        // The next round begins where the first page of this one stood: what was committed between pages is new then.
        Position goal = position.Goal ?? new Position(now, feed.Seen);
        var hasMore = entries.Length == BatchSize;
        Position next = hasMore ? position with { Goal = goal, Last = Key.Of(entries[^1]) } : goal;
        return new FeedBatch(entries, next, hasMore, feed.Forgotten >= LowestOpen(position.Seen));
    }

    private static long LowestOpen(string snapshot) => long.Parse(snapshot.Split(':')[0], CultureInfo.InvariantCulture);

    /// <summary>What <paramref name="Seen"/> did not see, after <see cref="Last"/>.</summary>
    private sealed record Position(DateTimeOffset At, string Seen) : FeedPosition(At)
    {
        public Key Last { get; init; } = new(LowestOpen(Seen), "", "");

        /// <summary>The position after the last page; null on the first.</summary>
        public Position? Goal { get; init; }
    }

    private sealed record Key(long Revision, string Kind, string Id)
    {
        public static Key Of(FeedEntry entry) => new(entry.Revision!.Value, entry.Kind!, entry.Id!);
    }
}

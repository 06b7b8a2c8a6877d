using System.Data.Common;
using Dapper;
using Hypeman.Contracts.Index;

namespace Hypeman.Storage.Index;

/// <summary>How far a watcher has read, as at some moment.</summary>
internal abstract record FeedPosition(DateTimeOffset At);

/// <param name="Next">Where to go on.</param>
/// <param name="HasMore">There is more now; else nothing may come for a long time.</param>
/// <param name="HasForgotten">Deletions after the position that was read from may be remembered no longer.</param>
internal sealed record FeedBatch(IReadOnlyList<FeedEntry> Entries, FeedPosition Next, bool HasMore, bool HasForgotten);

/// <summary>Reads what was committed after a position: all of it, whatever the order in which writers committed.</summary>
internal abstract class FeedReader(TimeProvider time)
{
    public const int BatchSize = 500;

    /// <summary>The position of one who has seen all that is there now.</summary>
    public abstract Task<FeedPosition> NowAsync(DbConnection connection, CancellationToken cancellationToken);

    /// <summary>The next changes, oldest first.</summary>
    /// <param name="kinds">Words for kinds.</param>
    /// <exception cref="ResourceWatchExpiredException">The database is older than the position.</exception>
    public abstract Task<FeedBatch> ReadAsync(
        DbConnection connection, string[] kinds, FeedPosition after, CancellationToken cancellationToken);

    protected DateTimeOffset Now => time.GetUtcNow();

    /// <summary>Rows of one statement, which sees one moment; the first is there even when there is no change.</summary>
    protected static async Task<(FeedEntry Feed, FeedEntry[] Entries)> QueryAsync(
        DbConnection connection, string sql, object parameters, CancellationToken cancellationToken)
    {
        FeedEntry[] rows = [.. await connection.QueryAsync<FeedEntry>(
            new CommandDefinition(sql, parameters, cancellationToken: cancellationToken))];
        return (rows[0], rows[0].Revision is null ? [] : rows);
    }
}

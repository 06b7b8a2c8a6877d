using System.Data.Common;
using System.Runtime.CompilerServices;
using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Microsoft.Extensions.Logging;

namespace Hypeman.Storage.Index;

/// <summary>
/// Follows the index. A watcher holds nothing in the database and remembers the position that it has read up to, so
/// any number of them may be slow, and one that was cut off goes on where it was.
/// </summary>
internal sealed class ResourceFeed(
    Database database, FeedReader reader, ChangeSignal signal, TimeProvider time, ILogger<ResourceFeed> logger)
{
    private static readonly TimeSpan RetryAfterFailure = TimeSpan.FromSeconds(1);

    public async IAsyncEnumerable<ResourceChange> WatchAsync(
        IReadOnlyList<ResourceKind> kinds, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        string[] words = [.. kinds.Select(ResourceRecord.Word).Distinct()];
        var after = await PersistAsync(reader.NowAsync, cancellationToken);

        // A row that changes while these pages are read is seen again below: that change is after the position kept.
        foreach (var kind in words)
        {
            var last = "";
            IReadOnlyList<ResourceRecord> page;
            do
            {
                var from = last;
                page = await PersistAsync((c, t) => ReadPageAsync(c, kind, from, t), cancellationToken);
                foreach (ResourceRecord record in page)
                    yield return Changed(record);
                last = page.Count > 0 ? page[^1].Id : last;
            }
            while (page.Count == FeedReader.BatchSize);
        }
        yield return ResourceChange.Synced;

        while (true)
        {
            Task next = signal.Next(words);
            var since = after;
            FeedBatch batch = await PersistAsync((c, t) => reader.ReadAsync(c, words, since, t), cancellationToken);
            // Deletions are remembered for longer than that: one who looked since then has seen all that are forgotten.
            if (batch.HasForgotten && time.GetUtcNow() - since.At > database.Options.TombstoneRetention / 2)
                throw new ResourceWatchExpiredException();
            foreach (FeedEntry entry in batch.Entries)
                yield return entry.ToChange();
            after = batch.Next;
            if (!batch.HasMore)
                await WaitAsync(next, database.Options.PollInterval, cancellationToken);
        }
    }

    /// <summary>Reads until it works: a database that is away for a while only delays a watcher.</summary>
    private async Task<T> PersistAsync<T>(
        Func<DbConnection, CancellationToken, Task<T>> read, CancellationToken cancellationToken)
    {
        for (var failing = false; ; failing = true)
        {
            try
            {
                await using DbConnection connection = await database.Reads.OpenConnectionAsync(cancellationToken);
                return await read(connection, cancellationToken);
            }
            catch (DbException e) when (database.Dialect.IsOutage(e))
            {
                if (!failing)
                    logger.LogWarning("The index cannot be read, watchers wait: {Reason}", database.Dialect.Explain(e));
            }
            await WaitAsync(Task.Delay(Timeout.InfiniteTimeSpan, time, cancellationToken), RetryAfterFailure, cancellationToken);
        }
    }

    private async Task WaitAsync(Task signalled, TimeSpan limit, CancellationToken cancellationToken)
    {
        await signalled.WaitAsync(limit, time, cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        cancellationToken.ThrowIfCancellationRequested();
    }

    private static async Task<IReadOnlyList<ResourceRecord>> ReadPageAsync(
        DbConnection connection, string kind, string after, CancellationToken cancellationToken) =>
        [.. await connection.QueryAsync<ResourceRecord>(new CommandDefinition(
            $"SELECT {ResourceRecord.Columns} FROM resources r WHERE r.kind = @kind AND r.id > @after ORDER BY r.id LIMIT {FeedReader.BatchSize}",
            new { kind, after }, cancellationToken: cancellationToken))];

    private static ResourceChange Changed(ResourceRecord record)
    {
        ResourceRow row = record.ToRow();
        return new ResourceChange(row.Kind, row.Id, row);
    }
}

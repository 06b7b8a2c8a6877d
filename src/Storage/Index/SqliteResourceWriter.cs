using System.Data.Common;
using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;

namespace Hypeman.Storage.Index;

/// <summary>
/// SQLite has one writer at a time anyway. Every change takes the next revision of <c>resource_feed</c> inside its
/// transaction, so revisions become visible in order and a watcher that has read up to one has missed nothing below.
/// </summary>
internal sealed class SqliteResourceWriter(Database database, TimeProvider time) : IResourceWriter
{
    public Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken) =>
        InTransactionAsync(async transaction =>
        {
            if (!await InsertAsync(transaction, row, claims))
                throw new ResourceClaimedException(row.Id, row.Id);
            return true;
        }, cancellationToken);

    public Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken) =>
        InTransactionAsync(transaction => UpdateAsync(transaction, row), cancellationToken);

    public Task<bool> InsertAsync(ResourceRow row, IReadOnlyList<string> claims, GrainRecord record) =>
        InTransactionAsync(
            async transaction => await StoreAsync(transaction, record) && await InsertAsync(transaction, row, claims), CancellationToken.None);

    public Task<bool> UpdateAsync(ResourceRow row, GrainRecord record) => InTransactionAsync(async transaction =>
    {
        if (!await StoreAsync(transaction, record))
            return false;
        await UpdateAsync(transaction, row);
        return true;
    }, CancellationToken.None);

    private static async Task<bool> InsertAsync(DbTransaction transaction, ResourceRow row, IReadOnlyList<string> claims)
    {
        ResourceRecord record = ResourceRecord.Of(row) with { Revision = await TakeRevisionAsync(transaction) };
        var made = await transaction.ExecuteAsync(
            """
            INSERT INTO resources
                (kind, id, name, parent, home, epoch, state, tags, summary, version, created_at, revision)
            VALUES
                (@Kind, @Id, @Name, @Parent, @Home, @Epoch, @State, @Tags, @Summary, @Version, @CreatedAt, @Revision)
            ON CONFLICT (kind, id) DO UPDATE
            SET name = @Name, parent = @Parent, home = @Home, epoch = @Epoch, state = @State, tags = @Tags,
                summary = @Summary, version = @Version, created_at = @CreatedAt, revision = @Revision
            WHERE resources.version <= @Version
            """, record);
        if (made == 0)
            return false;
        foreach (var claim in claims.Distinct(StringComparer.Ordinal))
            await ClaimAsync(transaction, record, claim);
        await WriteTagsAsync(transaction, record, row.Tags);
        await transaction.ExecuteAsync("DELETE FROM resource_tombstones WHERE kind = @Kind AND id = @Id", record);
        return true;
    }

    private static async Task<bool> UpdateAsync(DbTransaction transaction, ResourceRow row)
    {
        ResourceRecord record = ResourceRecord.Of(row) with { Revision = await TakeRevisionAsync(transaction) };
        var oldTags = await transaction.Connection!.QuerySingleOrDefaultAsync<string>(
            "SELECT tags FROM resources WHERE kind = @Kind AND id = @Id AND version < @Version", record, transaction);
        if (oldTags is null)
            return false;
        await transaction.ExecuteAsync(
            """
            UPDATE resources
            SET name = @Name, parent = @Parent, home = @Home, epoch = @Epoch, state = @State, tags = @Tags,
                summary = @Summary, version = @Version, revision = @Revision
            WHERE kind = @Kind AND id = @Id
            """, record);
        if (oldTags != record.Tags)
            await WriteTagsAsync(transaction, record, row.Tags);
        return true;
    }

    private static async Task<bool> StoreAsync(DbTransaction transaction, GrainRecord record) => await transaction.ExecuteAsync(
        """
        INSERT INTO orleans_state (service, state_name, n0, n1, extension, payload, version)
        SELECT @Service, @Name, 0, 0, @Key, @Payload, 1
        WHERE @Read = 0 OR EXISTS (
            SELECT 1 FROM orleans_state WHERE service = @Service AND state_name = @Name AND n0 = 0 AND n1 = 0 AND extension = @Key)
        ON CONFLICT (service, state_name, n0, n1, extension) DO UPDATE
        SET payload = excluded.payload, version = orleans_state.version + 1
        WHERE orleans_state.version = @Read
        """, record) == 1;

    public Task<bool> DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken) =>
        InTransactionAsync(async transaction =>
        {
            var revision = await TakeRevisionAsync(transaction);
            var now = ResourceRecord.Microseconds(time.GetUtcNow());
            var key = new { kind = ResourceRecord.Word(kind), id, revision, now };
            // Claims and tags go with the row.
            if (await transaction.ExecuteAsync("DELETE FROM resources WHERE kind = @kind AND id = @id", key) == 0)
                return false;
            await transaction.ExecuteAsync(
                "INSERT INTO resource_tombstones (kind, id, revision, deleted_at) VALUES (@kind, @id, @revision, @now)", key);
            await ForgetAsync(transaction, now);
            return true;
        }, cancellationToken);

    private static async Task<long> TakeRevisionAsync(DbTransaction transaction) =>
        await transaction.Connection!.QuerySingleAsync<long>(
            "UPDATE resource_feed SET revision = revision + 1 RETURNING revision", transaction: transaction);

    private static async Task ClaimAsync(DbTransaction transaction, ResourceRecord record, string claim)
    {
        var key = new { record.Kind, claim, record.Id };
        var taken = await transaction.ExecuteAsync(
            "INSERT INTO resource_claims (kind, claim, id) VALUES (@Kind, @claim, @Id) ON CONFLICT (kind, claim) DO NOTHING", key);
        if (taken == 1)
            return;
        var holder = await transaction.Connection!.QuerySingleAsync<string>(
            "SELECT id FROM resource_claims WHERE kind = @Kind AND claim = @claim", key, transaction);
        if (holder != record.Id)
            throw new ResourceClaimedException(claim, holder);
    }

    private static async Task WriteTagsAsync(
        DbTransaction transaction, ResourceRecord record, IReadOnlyDictionary<string, string> tags)
    {
        await transaction.ExecuteAsync("DELETE FROM resource_tags WHERE kind = @Kind AND id = @Id", record);
        foreach ((var key, var value) in tags)
        {
            await transaction.ExecuteAsync(
                """
                INSERT INTO resource_tags (kind, tag_key, tag_value, created_at, id)
                SELECT kind, @key, @value, created_at, id FROM resources WHERE kind = @Kind AND id = @Id
                """, new { record.Kind, record.Id, key, value });
        }
    }

    /// <summary>Each deletion sweeps those past their retention; no other work is needed to keep them few.</summary>
    private async Task ForgetAsync(DbTransaction transaction, long now)
    {
        var oldest = now - (long)database.Options.TombstoneRetention.TotalMicroseconds;
        long[] gone = [.. await transaction.Connection!.QueryAsync<long>(
            "DELETE FROM resource_tombstones WHERE deleted_at < @oldest RETURNING revision", new { oldest }, transaction)];
        if (gone.Length > 0)
            await transaction.ExecuteAsync("UPDATE resource_feed SET forgotten = @last WHERE forgotten < @last", new { last = gone.Max() });
    }

    /// <summary>Commits when <paramref name="work"/> says true; else, and when it throws, nothing has happened.</summary>
    private async Task<bool> InTransactionAsync(Func<DbTransaction, Task<bool>> work, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await database.Writes.OpenConnectionAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        var changed = await work(transaction);
        // Once begun, a commit is seen through: a caller that leaves must not make its outcome unknown.
        if (changed)
            await transaction.CommitAsync(CancellationToken.None);
        return changed;
    }
}

file static class TransactionExtensions
{
    public static Task<int> ExecuteAsync(this DbTransaction transaction, string sql, object parameters) =>
        transaction.Connection!.ExecuteAsync(sql, parameters, transaction);
}

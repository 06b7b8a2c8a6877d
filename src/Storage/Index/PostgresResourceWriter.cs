using System.Data.Common;
using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Npgsql;

namespace Hypeman.Storage.Index;

/// <summary>Writes the index by single statements, each of which goes with whatever else waits to be written.</summary>
internal sealed class PostgresResourceWriter(Database database, TimeProvider time) : IResourceWriter
{
    /// <summary>So often a claim may turn out to be free, or our own, when the statement said that it was taken.</summary>
    private const int MostAttempts = 5;

    private readonly PostgresWrites _writes = new(database);

    public async Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        if (!await InsertAsync(PostgresStatements.Insert, row, claims, []))
            throw new ResourceClaimedException(row.Id, row.Id);
    }

    public Task<bool> InsertAsync(ResourceRow row, IReadOnlyList<string> claims, GrainRecord record) =>
        InsertAsync(PostgresStatements.InsertWithRecord, row, claims, Columns(record));

    private async Task<bool> InsertAsync(string statement, ResourceRow row, IReadOnlyList<string> claims, object[] rest)
    {
        var record = ResourceRecord.Of(row);
        // In one order for all, so that no two wait for each other's claims in a circle.
        string[] wanted = [.. claims.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                return await _writes.RunAsync(statement, [.. Columns(record), .. Tags(row), record.CreatedAt, wanted, .. rest]) == 1;
            }
            catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation && attempt < MostAttempts)
            {
                await ThrowIfHeldAsync(record, wanted);
            }
        }
    }

    /// <summary>Tags hardly ever change: first it is tried without them.</summary>
    public async Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        object?[] columns = Columns(ResourceRecord.Of(row));
        return await _writes.RunAsync(PostgresStatements.Update, columns) == 1
            || await _writes.RunAsync(PostgresStatements.UpdateWithTags, [.. columns, .. Tags(row)]) == 1;
    }

    /// <summary>A row whose tags have changed follows; when that fails, it is behind until its owner looks at it again.</summary>
    public async Task<bool> UpdateAsync(ResourceRow row, GrainRecord record)
    {
        var written = await _writes.RunAsync(PostgresStatements.UpdateWithRecord, [.. Columns(ResourceRecord.Of(row)), .. Columns(record)]);
        if (written == 1)
            await UpdateAsync(row, CancellationToken.None);
        return written > 0;
    }

    public async Task<bool> DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var now = ResourceRecord.Microseconds(time.GetUtcNow());
        var oldest = now - (long)database.Options.TombstoneRetention.TotalMicroseconds;
        return await _writes.RunAsync(PostgresStatements.Delete, ResourceRecord.Word(kind), id, now, oldest) == 1;
    }

    /// <summary>Nobody may hold it by now: the holder was deleted, or it is this resource, created by two callers at once.</summary>
    private async Task ThrowIfHeldAsync(ResourceRecord record, string[] claims)
    {
        await using DbConnection connection = await database.Reads.OpenConnectionAsync();
        var held = await connection.QueryFirstOrDefaultAsync<(string Claim, string Holder)?>(
            "SELECT claim, id FROM resource_claims WHERE kind = @Kind AND claim = ANY (@claims) AND id <> @Id ORDER BY claim LIMIT 1",
            new { record.Kind, record.Id, claims });
        if (held is var (claim, holder))
            throw new ResourceClaimedException(claim, holder);
    }

    private static object?[] Columns(ResourceRecord r) =>
        [r.Kind, r.Id, r.Name, r.Parent, r.Home, r.Epoch, r.State, r.Tags, r.Summary, r.Version];

    private static object[] Columns(GrainRecord r) => [r.Service, r.Name, r.Key, r.Payload, r.Read];

    private static object[] Tags(ResourceRow row) => [row.Tags.Keys.ToArray(), row.Tags.Values.ToArray()];
}

using System.Data.Common;
using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Databases;
using Npgsql;
using NpgsqlTypes;

namespace Hypeman.Storage.Index;

/// <summary>
/// Sends the writes that wait in this process as one round trip and one transaction. Nothing is held while the server
/// waits for us, and writers of different rows have no lock in common.
/// </summary>
internal sealed class PostgresResourceWriter : IResourceWriter
{
    /// <summary>Measured: one leaves the server idle while we prepare the next, more make the groups smaller.</summary>
    private const int GroupsAtOnce = 2;

    /// <summary>Their texts fit into a socket's buffer, so that the server has all of a group before it begins.</summary>
    private const int MostInGroup = 64;

    /// <summary>So often a claim may turn out to be free, or our own, when the statement said that it was taken.</summary>
    private const int MostAttempts = 5;

    private readonly Database _database;
    private readonly TimeProvider _time;
    private readonly GroupCommit<Write> _group;

    public PostgresResourceWriter(Database database, TimeProvider time)
    {
        (_database, _time) = (database, time);
        _group = new(GroupsAtOnce, MostInGroup, CommitAsync, e => e is PostgresException refused && !database.Dialect.IsOutage(refused));
    }

    public async Task InsertAsync(ResourceRow row, IReadOnlyList<string> claims, CancellationToken cancellationToken)
    {
        var record = ResourceRecord.Of(row);
        // In one order for all, so that no two wait for each other's claims in a circle.
        string[] wanted = [.. claims.Distinct(StringComparer.Ordinal).Order(StringComparer.Ordinal)];
        for (var attempt = 1; ; attempt++)
        {
            try
            {
                if (!await RunAsync(PostgresStatements.Insert, [.. Columns(record), .. Tags(row), record.CreatedAt, wanted], cancellationToken))
                    throw new ResourceClaimedException(row.Id, row.Id);
                return;
            }
            catch (PostgresException taken) when (taken.SqlState == PostgresErrorCodes.UniqueViolation && attempt < MostAttempts)
            {
                await ThrowIfHeldAsync(record, wanted, cancellationToken);
            }
        }
    }

    /// <summary>Tags hardly ever change: first it is tried without them.</summary>
    public async Task<bool> UpdateAsync(ResourceRow row, CancellationToken cancellationToken)
    {
        object?[] columns = Columns(ResourceRecord.Of(row));
        return await RunAsync(PostgresStatements.Update, columns, cancellationToken)
            || await RunAsync(PostgresStatements.UpdateWithTags, [.. columns, .. Tags(row)], cancellationToken);
    }

    public Task<bool> DeleteAsync(ResourceKind kind, string id, CancellationToken cancellationToken)
    {
        var now = ResourceRecord.Microseconds(_time.GetUtcNow());
        var oldest = now - (long)_database.Options.TombstoneRetention.TotalMicroseconds;
        return RunAsync(PostgresStatements.Delete, [ResourceRecord.Word(kind), id, now, oldest], cancellationToken);
    }

    /// <summary>Once taken, a write is seen through: a caller that leaves must not make its outcome unknown.</summary>
    private async Task<bool> RunAsync(string statement, object?[] parameters, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return await _group.RunAsync(new Write(statement, parameters)) == 1;
    }

    private async Task<int[]> CommitAsync(IReadOnlyList<Write> group)
    {
        await using NpgsqlConnection connection = (NpgsqlConnection)await _database.Writes.OpenConnectionAsync();
        await using var batch = new NpgsqlBatch(connection);
        foreach (Write write in group)
            batch.BatchCommands.Add(write.ToCommand());
        // Without a transaction around it, all of a batch is one.
        await batch.ExecuteNonQueryAsync();
        return [.. group.Select((_, i) => (int)batch.BatchCommands[i].Rows)];
    }

    /// <summary>Nobody may hold it by now: the holder was deleted, or it is this resource, created by two callers at once.</summary>
    private async Task ThrowIfHeldAsync(ResourceRecord record, string[] claims, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await _database.Reads.OpenConnectionAsync(cancellationToken);
        var held = await connection.QueryFirstOrDefaultAsync<(string Claim, string Holder)?>(
            "SELECT claim, id FROM resource_claims WHERE kind = @Kind AND claim = ANY (@claims) AND id <> @Id ORDER BY claim LIMIT 1",
            new { record.Kind, record.Id, claims });
        if (held is var (claim, holder))
            throw new ResourceClaimedException(claim, holder);
    }

    private static object?[] Columns(ResourceRecord r) =>
        [r.Kind, r.Id, r.Name, r.Parent, r.Home, r.Epoch, r.State, r.Tags, r.Summary, r.Version];

    private static object[] Tags(ResourceRow row) => [row.Tags.Keys.ToArray(), row.Tags.Values.ToArray()];

    /// <summary>A statement of <see cref="PostgresStatements"/>; null is a text that is not there.</summary>
    private sealed record Write(string Statement, object?[] Parameters)
    {
        public NpgsqlBatchCommand ToCommand()
        {
            var command = new NpgsqlBatchCommand(Statement);
            foreach (var value in Parameters)
                command.Parameters.Add(value is null
                    ? new NpgsqlParameter { Value = DBNull.Value, NpgsqlDbType = NpgsqlDbType.Text }
                    : new NpgsqlParameter { Value = value });
            return command;
        }
    }
}

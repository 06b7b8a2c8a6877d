using Hypeman.Storage.Databases;
using Npgsql;
using NpgsqlTypes;

namespace Hypeman.Storage.Index;

/// <summary>
/// Sends the writes that wait in this process as one round trip and one transaction. Nothing is held while the server
/// waits for us, and writers of different rows have no lock in common.
/// </summary>
internal sealed class PostgresWrites
{
    /// <summary>Measured: one leaves the server idle while we prepare the next, more make the groups smaller.</summary>
    private const int GroupsAtOnce = 2;

    /// <summary>Their texts fit into a socket's buffer, so that the server has all of a group before it begins.</summary>
    private const int MostInGroup = 64;

    private readonly Database _database;
    private readonly GroupCommit<Write> _group;

    public PostgresWrites(Database database)
    {
        _database = database;
        _group = new(GroupsAtOnce, MostInGroup, CommitAsync, e => e is PostgresException refused && !database.Dialect.IsOutage(refused));
    }

    /// <summary>Rows that the statement returned or changed. Once taken, a write is seen through.</summary>
    public Task<int> RunAsync(string statement, params object?[] parameters) => _group.RunAsync(new Write(statement, parameters));

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

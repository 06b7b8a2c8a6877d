using System.Data.Common;
using System.Net.Sockets;
using Dapper;
using Hypeman.Storage.Schema;
using Npgsql;

namespace Hypeman.Storage.Databases;

/// <summary>PostgreSQL: the store that the silos of a fleet share.</summary>
internal sealed class PostgresDialect : Dialect
{
    /// <summary>Any number will do, as long as it never changes.</summary>
    private const long SchemaLock = 4_973_000_001;

    private readonly NpgsqlDataSource _source;
    private readonly string _server;

    private PostgresDialect(NpgsqlDataSource source, string server) => (_source, _server) = (source, server);

    public override string Name => "postgresql";
    public override string Invariant => "Npgsql";
    public override DbDataSource Writes => _source;
    public override DbDataSource Reads => _source;
    public override bool OwnsWholeDatabase => false;
    public override string ListTables =>
        "SELECT table_name FROM information_schema.tables WHERE table_schema = current_schema()";

    protected override IReadOnlyDictionary<string, string> Types { get; } = new Dictionary<string, string>
    {
        // Byte order, so that id prefixes are ranges of the index.
        ["$key"] = "text COLLATE \"C\"",
        ["$bytes"] = "bytea",
        ["$timestamp"] = "timestamptz",
    };

    public static PostgresDialect Create(string connectionString)
    {
        NpgsqlConnectionStringBuilder built = PostgresConnection.TryParse(connectionString, out var reason)
            ?? throw new StorageException($"the database connection string is not valid: {reason}");
        return new PostgresDialect(
            NpgsqlDataSource.Create(PostgresConnection.WithDefaults(built)), $"{built.Host}:{built.Port}/{built.Database}");
    }

    /// <summary>The server's own limits are lifted for it: a step may take long.</summary>
    public override Task LockSchemaAsync(DbTransaction transaction, int limitSeconds, CancellationToken cancellationToken) =>
        transaction.Connection!.ExecuteAsync(new CommandDefinition(
            $"SET LOCAL statement_timeout = '{limitSeconds}s'; SELECT pg_advisory_xact_lock({SchemaLock})",
            null, transaction, limitSeconds, cancellationToken: cancellationToken));

    /// <summary>
    /// Revisions are the server's transaction numbers. One that took over the tables of another from a dump may be far
    /// behind them, and rows of the future would be told to watchers again and again.
    /// </summary>
    public override async Task MendAsync(CancellationToken cancellationToken)
    {
        const string isAhead = ">= pg_snapshot_xmax(pg_current_snapshot())::text::bigint";
        await using DbConnection connection = await Writes.OpenConnectionAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await LockSchemaAsync(transaction, SchemaSteps.LimitSeconds, cancellationToken);
        await connection.ExecuteAsync(new CommandDefinition(
            $"""
            UPDATE resources SET revision = 0 WHERE revision {isAhead};
            UPDATE resource_tombstones SET revision = 0 WHERE revision {isAhead};
            UPDATE resource_horizon SET forgotten = 0 WHERE forgotten {isAhead};
            """, null, transaction, SchemaSteps.LimitSeconds, cancellationToken: cancellationToken));
        await transaction.CommitAsync(cancellationToken);
    }

    /// <summary>Besides a lost connection: the server goes down or comes up, has no more connections, or was too slow.</summary>
    public override bool IsOutage(DbException error) =>
        base.IsOutage(error) || error.SqlState is PostgresErrorCodes.QueryCanceled;

    public override string Explain(DbException error) => error switch
    {
        PostgresException { SqlState: PostgresErrorCodes.InvalidPassword or PostgresErrorCodes.InvalidAuthorizationSpecification } =>
            $"PostgreSQL at {_server} refuses the login; check user and password of the connection string",
        PostgresException { SqlState: PostgresErrorCodes.InvalidCatalogName } =>
            $"PostgreSQL at {_server} has no such database; make it with: createdb",
        PostgresException { SqlState: PostgresErrorCodes.InsufficientPrivilege } denied =>
            $"PostgreSQL at {_server} does not let this user make and change its tables: {denied.MessageText}",
        PostgresException { SqlState: PostgresErrorCodes.ReadOnlySqlTransaction } =>
            $"PostgreSQL at {_server} takes no writes (is it a standby, or are the user's transactions read-only?)",
        PostgresException { SqlState: PostgresErrorCodes.TooManyConnections } =>
            $"PostgreSQL at {_server} has no connection left; raise its max_connections, or lower Maximum Pool Size of the connection string",
        PostgresException { SqlState: PostgresErrorCodes.DuplicateTable } taken =>
            $"PostgreSQL at {_server} holds tables of something else ({taken.MessageText}); give hypeman its own database or schema (Search Path=...)",
        PostgresException other => $"PostgreSQL at {_server} answers: {other.MessageText} ({other.SqlState})",
        { InnerException: SocketException or TimeoutException } =>
            $"PostgreSQL at {_server} cannot be reached: {error.InnerException.Message}",
        _ => $"PostgreSQL at {_server}: {error.Message}",
    };
}

using System.Data.Common;
using Dapper;
using Hypeman.Storage.Databases;

namespace Hypeman.Storage.Schema;

/// <summary>
/// Brings a database to the schema of this build. Steps are numbered from 1, never changed once released, and each
/// one commits together with its number: a crash leaves the schema of the step before.
/// </summary>
internal static class SchemaSteps
{
    private static readonly string[] Steps = [.. Embedded.List("Schema/Steps").Select(Embedded.Read)];

    public static int Latest => Steps.Length;

    public static async Task ApplyAsync(Dialect dialect, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await dialect.Writes.OpenConnectionAsync(cancellationToken);
        int version;
        do
            version = await StepAsync(dialect, connection, cancellationToken);
        while (version < Latest);
    }

    /// <summary>Applies the next step, if one is missing; returns the version reached.</summary>
    private static async Task<int> StepAsync(Dialect dialect, DbConnection connection, CancellationToken cancellationToken)
    {
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await dialect.LockSchemaAsync(transaction, cancellationToken);
        var version = await ReadVersionAsync(dialect, transaction);
        if (version > Latest)
            throw new StorageException(
                $"the database has schema version {version}, written by a newer hypeman; this one knows versions up to {Latest}. Run the newer one.");
        if (version == Latest)
            return version;

        await connection.ExecuteAsync(dialect.Render(Steps[version]), transaction: transaction);
        await connection.ExecuteAsync("UPDATE schema_version SET version = @version", new { version = version + 1 }, transaction);
        await transaction.CommitAsync(cancellationToken);
        return version + 1;
    }

    private static async Task<int> ReadVersionAsync(Dialect dialect, DbTransaction transaction)
    {
        DbConnection connection = transaction.Connection!;
        string[] tables = [.. await connection.QueryAsync<string>(dialect.ListTables, transaction: transaction)];
        if (tables.Contains("schema_version"))
            return await connection.QuerySingleOrDefaultAsync<int?>("SELECT version FROM schema_version", transaction: transaction)
                ?? throw new StorageException("the database is incomplete: its table schema_version is empty. Restore it from a backup.");
        if (tables.Length > 0 && dialect.OwnsWholeDatabase)
            throw new StorageException($"the database belongs to something else: it has a table {tables[0]} and no schema_version");

        await connection.ExecuteAsync(
            "CREATE TABLE schema_version (version integer NOT NULL); INSERT INTO schema_version (version) VALUES (0)",
            transaction: transaction);
        return 0;
    }
}

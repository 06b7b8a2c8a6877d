using System.Data.Common;
using System.Globalization;
using Dapper;
using Hypeman.Storage.Databases;

namespace Hypeman.Storage.Schema;

/// <summary>
/// Brings a database to the schema of this build. Steps are numbered from 1, never changed once released, and each
/// one commits together with its number: a crash leaves the schema of the step before.
/// </summary>
/// <remarks>
/// <c>003-name.sql</c> is for every database, <c>003-name.postgresql.sql</c> for that one; for the others step 3 is
/// then only its number. Old silos run their queries on the new schema while a fleet is rolled: a step says how.
/// </remarks>
internal static class SchemaSteps
{
    /// <summary>A step may rewrite or index whole tables, and wait for another process that does.</summary>
    public const int LimitSeconds = 600;

    private static readonly string[] Files = [.. Embedded.List("Schema/Steps")];

    public static int Latest { get; } = Files.Max(Number);

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
        await dialect.LockSchemaAsync(transaction, LimitSeconds, cancellationToken);
        var version = await ReadVersionAsync(dialect, transaction);
        if (version > Latest)
            throw new StorageException(
                $"the database has schema version {version}, written by a newer hypeman; this one knows versions up to {Latest}. Run the newer one.");
        if (version == Latest)
            return version;

        var next = version + 1;
        foreach (var file in Files.Where(f => Number(f) == next && IsFor(dialect, f)))
            await connection.ExecuteAsync(dialect.Render(Embedded.Read(file)), transaction: transaction, commandTimeout: LimitSeconds);
        await connection.ExecuteAsync("UPDATE schema_version SET version = @next", new { next }, transaction);
        await transaction.CommitAsync(cancellationToken);
        return next;
    }

    private static int Number(string file) =>
        int.Parse(Path.GetFileName(file).Split('-')[0], CultureInfo.InvariantCulture);

    private static bool IsFor(Dialect dialect, string file) =>
        Path.GetFileName(file).Split('.') is not [_, var only, _] || only == dialect.Name;

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

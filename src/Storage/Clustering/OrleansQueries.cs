using System.Data.Common;
using Dapper;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Schema;

namespace Hypeman.Storage.Clustering;

/// <summary>
/// The queries that Orleans' ADO.NET providers read from the table <c>OrleansQuery</c> when a silo starts. The keys,
/// the parameters and the names of result columns are Orleans'; the SQL is ours. A running silo keeps what it read, so
/// changed queries must work beside the ones before them during a roll.
/// </summary>
internal static class OrleansQueries
{
    private const string NameLine = "-- name: ";

    /// <summary>Writes the queries of this build where they differ.</summary>
    public static async Task PublishAsync(Dialect dialect, CancellationToken cancellationToken)
    {
        await using DbConnection connection = await dialect.Writes.OpenConnectionAsync(cancellationToken);
        await using DbTransaction transaction = await connection.BeginTransactionAsync(cancellationToken);
        await dialect.LockSchemaAsync(transaction, SchemaSteps.LimitSeconds, cancellationToken);
        foreach ((var key, var text) in For(dialect))
        {
            await connection.ExecuteAsync(
                """
                INSERT INTO OrleansQuery (QueryKey, QueryText) VALUES (@key, @text)
                ON CONFLICT (QueryKey) DO UPDATE SET QueryText = excluded.QueryText
                WHERE OrleansQuery.QueryText <> excluded.QueryText
                """,
                new { key, text }, transaction);
        }
        await transaction.CommitAsync(cancellationToken);
    }

    public static IReadOnlyDictionary<string, string> For(Dialect dialect) =>
        Parse(Embedded.Read("Clustering/queries.sql"))
            .Concat(Parse(Embedded.Read($"Clustering/queries.{dialect.Name}.sql")))
            .ToDictionary();

    /// <summary>A file of queries, each below a line <c>-- name: Key</c>.</summary>
    internal static IEnumerable<KeyValuePair<string, string>> Parse(string file)
    {
        foreach (var part in ("\n" + file).Split("\n" + NameLine).Skip(1))
        {
            var headAndBody = part.Split('\n', 2);
            yield return new(headAndBody[0].Trim(), headAndBody[1].Trim().TrimEnd(';'));
        }
    }
}

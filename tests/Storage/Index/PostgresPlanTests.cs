using System.Data.Common;
using System.Globalization;
using System.Text.RegularExpressions;
using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Clustering;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Index;
using Hypeman.Tests.Storage.Databases;

namespace Hypeman.Tests.Storage.Index;

/// <summary>
/// How PostgreSQL answers with many rows, where it is free to choose: by an index, in its order. So a page costs what it
/// returns, whatever the fleet has grown to. Plans are those of prepared statements, as in a silo.
/// </summary>
public sealed partial class PostgresPlanTests(PostgresServer server) : DatabaseTests
{
    private const string Fill =
        """
        INSERT INTO resources (kind, id, name, parent, home, epoch, state, tags, summary, version, created_at)
        SELECT 'instance', 'id' || n, 'name' || n, 'image' || n % 50, 'node' || n % 20, 1,
               CASE WHEN n % 200 = 0 THEN 'Failed' ELSE 'Running' END, '{}', repeat('x', 300), 1, n / 3
        FROM generate_series(1, 20000) n;
        INSERT INTO resource_tags (kind, tag_key, tag_value, created_at, id)
        SELECT kind, 'team', 'team' || created_at % 100, created_at, id FROM resources;
        INSERT INTO resource_tags (kind, tag_key, tag_value, created_at, id)
        SELECT kind, 'env', 'dev', created_at, id FROM resources;
        INSERT INTO resource_claims (kind, claim, id) SELECT kind, name, id FROM resources;
        INSERT INTO resource_tombstones (kind, id, deleted_at) SELECT 'instance', 'gone' || n, n FROM generate_series(1, 5000) n;
        INSERT INTO orleans_state (service, state_name, n0, n1, extension, payload, version)
        SELECT 'hypeman', 'instance', 0, 0, 'i-' || n, convert_to(repeat('x', 300), 'UTF8'), 1 FROM generate_series(1, 20000) n;
        INSERT INTO orleans_reminder (service, grain, name, grain_hash, start_time, period_ms, version)
        SELECT 'hypeman', 'i-' || n, 'expiry', (n * 214748::bigint - 2147483648)::integer, now(), 60000, 1 FROM generate_series(1, 20000) n;
        ANALYZE
        """;

    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);

    [Fact]
    public async Task Whatever_is_asked_often_walks_an_index()
    {
        var database = await Store.OpenAsync();
        await using var connection = await database.Reads.OpenConnectionAsync(Cancelled);
        await connection.ExecuteAsync(new CommandDefinition(Fill, commandTimeout: 120));

        foreach (var (name, sql) in Queries())
        {
            var plan = await PlanAsync(connection, sql);
            Assert.False(ReadsThrough().IsMatch(plan), $"{name}:\n{plan}");
            Assert.False(name.StartsWith("list", StringComparison.Ordinal) && SortsAll().IsMatch(plan), $"{name}:\n{plan}");
        }
    }

    [Fact]
    public async Task A_read_through_would_be_noticed()
    {
        var database = await Store.OpenAsync();
        await using var connection = await database.Reads.OpenConnectionAsync(Cancelled);
        await connection.ExecuteAsync(new CommandDefinition(Fill, commandTimeout: 120));

        Assert.Contains("Seq Scan on resources", await PlanAsync(connection, "SELECT * FROM resources WHERE summary = $1"), StringComparison.Ordinal);
    }

    [GeneratedRegex(@"Seq Scan on (resources|resource_tags|resource_claims|resource_tombstones|orleans_state|orleans_reminder)\b")]
    private static partial Regex ReadsThrough();

    [GeneratedRegex(@"^\s*(->\s+)?Sort\b", RegexOptions.Multiline)]
    private static partial Regex SortsAll();

    /// <summary>The plan for any values: parameters get numbers, and the types that the driver would tell.</summary>
    private static async Task<string> PlanAsync(DbConnection connection, string sql)
    {
        List<string> names = [];
        var numbered = NamedParameter().Replace(sql, match =>
        {
            if (!names.Contains(match.Groups[1].Value))
                names.Add(match.Groups[1].Value);
            var type = Types.GetValueOrDefault(match.Groups[1].Value);
            return $"${names.IndexOf(match.Groups[1].Value) + 1}{type}";
        });
        var typed = Regex.Replace(numbered, @"\$(11|12|14)\b", "$0::text[]");
        var count = Regex.Matches(typed, @"\$(\d+)").Select(m => int.Parse(m.Groups[1].Value, CultureInfo.InvariantCulture)).Max();
        var nulls = string.Join(", ", Enumerable.Repeat("NULL", count));
        await connection.ExecuteAsync($"PREPARE asked AS {typed}");
        var plan = await connection.QueryAsync<string>($"EXPLAIN EXECUTE asked({nulls})");
        await connection.ExecuteAsync("DEALLOCATE asked");
        return string.Join('\n', plan);
    }

    [GeneratedRegex(@"(?<!@)@(\w+)")]
    private static partial Regex NamedParameter();

    private static readonly Dictionary<string, string> Types = new()
    {
        ["GrainStateVersion"] = "::integer",
        ["PayloadBinary"] = "::bytea",
    };

    private static IEnumerable<(string Name, string Sql)> Queries()
    {
        var all = new ResourceQuery(ResourceKind.Instance);
        (string, ResourceQuery)[] lists =
        [
            ("list of all", all),
            ("list by state", all with { State = "Failed" }),
            ("list by home", all with { Home = "node1" }),
            ("list by parent", all with { Parent = "image1" }),
            ("list by tag", all with { Tags = new Dictionary<string, string> { ["team"] = "team1" } }),
            ("list by tags and state", all with { State = "Running", Tags = new Dictionary<string, string> { ["team"] = "team1", ["env"] = "dev" } }),
        ];
        foreach (var (name, query) in lists)
            yield return (name, ResourceListSql.Build(query, 500).Sql);
        yield return ("by id", ResourceReader.ById);
        yield return ("by name", ResourceReader.ByName);
        yield return ("by prefix", ResourceReader.ByPrefix);
        yield return ("changes", PostgresFeedReader.Changes);
        yield return ("insert", PostgresStatements.Insert);
        yield return ("update", PostgresStatements.Update);
        yield return ("update of tags", PostgresStatements.UpdateWithTags);
        yield return ("delete", PostgresStatements.Delete);
        foreach (var (key, sql) in OrleansQueries.For(PostgresDialect.Create("Host=none")))
            if (key.Contains("Storage", StringComparison.Ordinal) || (key.Contains("Reminder", StringComparison.Ordinal) && key != "DeleteReminderRowsKey"))
                yield return (key, sql);
    }
}

using Dapper;
using Hypeman.Contracts.Index;
using Hypeman.Storage.Index;
using Hypeman.Tests.Storage.Databases;

namespace Hypeman.Tests.Storage.Index;

public sealed class ResourceListSqlTests : DatabaseTests
{
    public static TheoryData<ResourceQuery> Queries() =>
    [
        new ResourceQuery(ResourceKind.Instance),
        new ResourceQuery(ResourceKind.Instance) { State = "Running" },
        new ResourceQuery(ResourceKind.Instance) { Home = "n1" },
        new ResourceQuery(ResourceKind.Instance) { Parent = "p1" },
        new ResourceQuery(ResourceKind.Instance) { Home = "n1", State = "Running" },
        new ResourceQuery(ResourceKind.Instance) { Tags = new Dictionary<string, string> { ["a"] = "1" } },
        new ResourceQuery(ResourceKind.Instance) { State = "Running", Tags = new Dictionary<string, string> { ["a"] = "1", ["b"] = "2" } },
    ];

    /// <summary>A list costs what it returns: no table is read through and no result is sorted, however many rows there are.</summary>
    [Theory]
    [MemberData(nameof(Queries))]
    public async Task Every_list_walks_an_index_in_order(ResourceQuery query)
    {
        var (sql, parameters) = ResourceListSql.Build(query, limit: 10);
        parameters.AddDynamicParams(new { createdAt = long.MaxValue, id = "" });
        var database = await Store.OpenAsync();
        await using var connection = await database.Reads.OpenConnectionAsync(Cancelled);

        string[] plan = [.. (await connection.QueryAsync("EXPLAIN QUERY PLAN " + sql, parameters)).Select(r => (string)r.detail)];

        Assert.NotEmpty(plan);
        Assert.DoesNotContain(plan, step => step.Contains("SCAN", StringComparison.Ordinal));
        Assert.DoesNotContain(plan, step => step.Contains("TEMP B-TREE", StringComparison.Ordinal));
    }

    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());
}

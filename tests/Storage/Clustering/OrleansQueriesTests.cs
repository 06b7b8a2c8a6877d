using Hypeman.Storage.Clustering;
using Hypeman.Storage.Databases;

namespace Hypeman.Tests.Storage.Clustering;

public sealed class OrleansQueriesTests
{
    [Fact]
    public void Both_databases_have_the_same_queries()
    {
        using var directory = new TemporaryDirectory();
        var sqlite = OrleansQueries.For(SqliteDialect.Create(directory.Path));
        var postgres = OrleansQueries.For(PostgresDialect.Create("Host=none"));

        Assert.Equal(sqlite.Keys.Order(), postgres.Keys.Order());
        Assert.Equal(20, sqlite.Count);
    }

    [Fact]
    public void A_file_of_queries_is_read_by_its_headings() =>
        Assert.Equal(
            [new("One", "SELECT 1"), new("Two", "SELECT 2;\nSELECT 3")],
            OrleansQueries.Parse("-- about\n\n-- name: One\nSELECT 1;\n\n-- name: Two\nSELECT 2;\nSELECT 3;\n"));

    private sealed class TemporaryDirectory : IDisposable
    {
        public string Path { get; } = Directory.CreateTempSubdirectory("hypeman-storage-").FullName;

        public void Dispose() => Directory.Delete(Path, recursive: true);
    }
}

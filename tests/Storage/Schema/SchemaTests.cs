using Hypeman.Storage;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Schema;
using Hypeman.Tests.Storage.Databases;

namespace Hypeman.Tests.Storage.Schema;

public sealed class SqliteSchemaTests : SchemaTests
{
    protected override Task<TestDatabase> NewAsync() => Task.FromResult(TestDatabase.Sqlite());

    [Fact]
    public async Task The_files_are_for_their_owner_alone()
    {
        var database = await Store.OpenAsync();
        await using var connection = await database.Writes.OpenConnectionAsync(Cancelled);
        var files = Directory.GetFiles(Store.Options.DataDirectory, SqliteDialect.FileName + "*");

        Assert.True(files.Length >= 2);
        Assert.All(files, f => Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(f)));
    }

    [Fact]
    public async Task A_file_that_is_no_database_is_named_and_left_alone()
    {
        var file = Path.Combine(Store.Options.DataDirectory, SqliteDialect.FileName);
        var text = string.Concat(Enumerable.Repeat("not a database\n", 100));
        await File.WriteAllTextAsync(file, text, Cancelled);

        var refused = await Assert.ThrowsAsync<StorageException>(Store.OpenAsync);

        Assert.Contains($"{file} is not a database", refused.Message, StringComparison.Ordinal);
        Assert.Equal(text, await File.ReadAllTextAsync(file, Cancelled));
    }

    [Fact]
    public async Task A_damaged_database_is_named()
    {
        var file = Path.Combine(Store.Options.DataDirectory, SqliteDialect.FileName);
        await Store.OpenAsync();
        await Store.CloseAsync();
        var bytes = await File.ReadAllBytesAsync(file, Cancelled);
        bytes.AsSpan(100, 4096 - 100).Fill(0xEE);
        await File.WriteAllBytesAsync(file, bytes, Cancelled);

        var refused = await Assert.ThrowsAsync<StorageException>(Store.OpenAsync);

        Assert.Contains("is damaged; restore it from a backup", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_of_another_program_is_refused_and_left_alone()
    {
        await Store.ExecuteAsync("CREATE TABLE songs (title text)");
        await Store.ExecuteAsync("DROP TABLE schema_version");

        var refused = await Assert.ThrowsAsync<StorageException>(Store.OpenAsync);

        Assert.Contains("belongs to something else", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_directory_that_cannot_be_made_is_named()
    {
        var file = Path.Combine(Store.Options.DataDirectory, "file");
        await File.WriteAllTextAsync(file, "", Cancelled);

        var refused = await Assert.ThrowsAsync<StorageException>(
            () => Database.OpenAsync(new StorageOptions { DataDirectory = Path.Combine(file, "data") }, Cancelled));

        Assert.Contains($"{file}/data/hypeman.db cannot be written", refused.Message, StringComparison.Ordinal);
    }
}

public sealed class PostgresSchemaTests(PostgresServer server) : SchemaTests
{
    protected override Task<TestDatabase> NewAsync() => TestDatabase.PostgresAsync(server);

    [Fact]
    public async Task A_table_of_another_program_with_one_of_our_names_is_refused()
    {
        await using var other = await TestDatabase.PostgresAsync(server);
        await using (var source = Npgsql.NpgsqlDataSource.Create(other.Options.ConnectionString!))
        await using (var command = source.CreateCommand("CREATE TABLE resources (title text)"))
            await command.ExecuteNonQueryAsync(Cancelled);

        var refused = await Assert.ThrowsAsync<StorageException>(other.OpenAsync);

        Assert.Contains("give hypeman its own database", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_server_that_is_not_there_is_named()
    {
        var options = new StorageOptions { ConnectionString = "postgres://user:secret@127.0.0.1:1/fleet" };

        var refused = await Assert.ThrowsAsync<StorageException>(() => Database.OpenAsync(options, Cancelled));

        Assert.Contains("PostgreSQL at 127.0.0.1:1/fleet cannot be reached", refused.Message, StringComparison.Ordinal);
        Assert.DoesNotContain("secret", refused.Message, StringComparison.Ordinal);
    }
}

/// <summary>How a database comes to the schema of this build.</summary>
public abstract class SchemaTests : DatabaseTests
{
    [Fact]
    public async Task Ten_that_start_at_once_make_one_schema()
    {
        await Task.WhenAll(Enumerable.Range(0, 10).Select(_ => Task.Run(Store.OpenAsync, Cancelled)));

        Assert.Equal(SchemaSteps.Latest, await Store.ScalarAsync<int>("SELECT version FROM schema_version"));
        Assert.Equal(1, await Store.ScalarAsync<int>("SELECT count(*) FROM resource_feed"));
    }

    [Fact]
    public async Task A_start_that_was_cut_off_between_steps_is_taken_up()
    {
        await Store.OpenAsync();
        foreach (var table in new[] { "resource_tombstones", "resource_tags", "resource_claims", "resources", "resource_feed" })
            await Store.ExecuteAsync($"DROP TABLE {table}");
        var database = await Store.OpenAsync();
        await using (var connection = await database.Writes.OpenConnectionAsync(Cancelled))
            await Dapper.SqlMapper.ExecuteAsync(connection, "UPDATE schema_version SET version = 1");

        await Store.OpenAsync();

        Assert.Equal(0, await Store.ScalarAsync<int>("SELECT count(*) FROM resources"));
    }

    [Fact]
    public async Task Opening_again_keeps_what_is_there()
    {
        await Store.ExecuteAsync("UPDATE resource_feed SET revision = 42");
        await Store.OpenAsync();

        Assert.Equal(42, await Store.ScalarAsync<int>("SELECT revision FROM resource_feed"));
    }

    [Fact]
    public async Task A_schema_of_a_newer_build_is_refused()
    {
        await Store.ExecuteAsync("UPDATE schema_version SET version = 1000");

        var refused = await Assert.ThrowsAsync<StorageException>(Store.OpenAsync);

        Assert.Contains("schema version 1000, written by a newer hypeman", refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Queries_that_an_older_build_published_are_replaced()
    {
        await Store.ExecuteAsync("UPDATE OrleansQuery SET QueryText = 'SELECT 1'");
        await Store.OpenAsync();

        Assert.Equal(0, await Store.ScalarAsync<int>("SELECT count(*) FROM OrleansQuery WHERE QueryText = 'SELECT 1'"));
    }
}

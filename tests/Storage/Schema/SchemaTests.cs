using Hypeman.Storage;
using Hypeman.Storage.Databases;
using Hypeman.Storage.Schema;
using Hypeman.Tests.Storage.Databases;

namespace Hypeman.Tests.Storage.Schema;

public sealed class SqliteSchemaTests : SchemaTests
{
    protected override IEnumerable<string> ToStepOne =>
        "resource_tombstones resource_tags resource_claims resources resource_feed".Split(' ').Select(table => $"DROP TABLE {table}");

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
    protected override IEnumerable<string> ToStepOne =>
    [
        "DROP VIEW resource_feed",
        "DROP TABLE resource_tombstones, resource_tags, resource_claims, resources, resource_horizon",
        "DROP FUNCTION resource_stamp, resource_feed_update",
    ];

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
    public async Task A_database_that_is_not_there_is_named()
    {
        await Store.OpenAsync();
        await RefusedAsync(server.ConnectionString("nowhere"), "has no such database; make it with: createdb");
    }

    [Fact]
    public async Task A_login_that_is_refused_is_named()
    {
        await Store.OpenAsync();
        await RefusedAsync(server.ConnectionString("postgres", "stranger"), "refuses the login; check user and password");
    }

    [Fact]
    public async Task A_user_who_may_only_read_is_refused_on_an_empty_database_and_on_ours()
    {
        var reader = $"reader_{Guid.NewGuid():n}";
        await using var empty = await TestDatabase.PostgresAsync(server);
        await Store.ExecuteAsync($"CREATE ROLE {reader} LOGIN; GRANT SELECT ON ALL TABLES IN SCHEMA public TO {reader}");

        foreach (var database in new[] { empty, Store })
            await RefusedAsync(As(reader, database), "does not let this user make and change its tables");
    }

    [Fact]
    public async Task A_standby_is_refused()
    {
        await Store.OpenAsync();
        await RefusedAsync(
            Store.Options.ConnectionString + ";Options=-c default_transaction_read_only=on", "takes no writes (is it a standby");
    }

    [Fact]
    public async Task Connections_of_several_silos_fit_into_one_server()
    {
        var database = await Store.OpenAsync();
        var given = new Npgsql.NpgsqlConnectionStringBuilder("Host=db;Timeout=9");
        var built = PostgresConnection.WithDefaults(given);

        Assert.Equal((16, 9, 4), (built.MaxPoolSize, built.Timeout, built.CommandTimeout));
        Assert.Equal("4s", await Dapper.SqlMapper.ExecuteScalarAsync<string>(
            await database.Reads.OpenConnectionAsync(Cancelled), "SHOW statement_timeout"));
    }

    [Fact]
    public async Task Rows_that_come_from_a_dump_of_a_busier_server_are_told_once()
    {
        await Store.ExecuteAsync(
            """
            ALTER TABLE resources DISABLE TRIGGER resources_stamp;
            INSERT INTO resources (kind, id, name, epoch, state, tags, summary, version, created_at, revision)
            VALUES ('instance', 'a', 'a', 1, 'Running', '{}', '{}', 1, 1, 900000000000);
            ALTER TABLE resources ENABLE TRIGGER resources_stamp;
            """);
        await Store.OpenAsync();

        Assert.True(await Store.ScalarAsync<bool>(
            "SELECT revision < pg_snapshot_xmax(pg_current_snapshot())::text::bigint FROM resources"));
    }

    private static string As(string user, TestDatabase database) =>
        new Npgsql.NpgsqlConnectionStringBuilder(database.Options.ConnectionString) { Username = user }.ConnectionString;

    private static async Task RefusedAsync(string connectionString, string why)
    {
        var refused = await Assert.ThrowsAsync<StorageException>(
            () => Database.OpenAsync(new StorageOptions { ConnectionString = connectionString }, Cancelled));
        Assert.Contains(why, refused.Message, StringComparison.Ordinal);
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
    /// <summary>Undoes all steps but the first.</summary>
    protected abstract IEnumerable<string> ToStepOne { get; }

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
        await using (var connection = await (await Store.OpenAsync()).Writes.OpenConnectionAsync(Cancelled))
            foreach (var sql in ToStepOne.Append("UPDATE schema_version SET version = 1"))
                await Dapper.SqlMapper.ExecuteAsync(connection, sql);

        await Store.OpenAsync();

        Assert.Equal(0, await Store.ScalarAsync<int>("SELECT count(*) FROM resources"));
        Assert.Equal(SchemaSteps.Latest, await Store.ScalarAsync<int>("SELECT version FROM schema_version"));
    }

    [Fact]
    public async Task Opening_again_keeps_what_is_there()
    {
        await Store.ExecuteAsync("INSERT INTO orleans_cluster (cluster, version) VALUES ('fleet', 42)");
        await Store.OpenAsync();

        Assert.Equal(42, await Store.ScalarAsync<int>("SELECT version FROM orleans_cluster"));
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

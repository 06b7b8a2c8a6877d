using System.Data.Common;
using Dapper;
using Hypeman.Storage;
using Hypeman.Storage.Databases;

namespace Hypeman.Tests.Storage.Databases;

/// <summary>A new database of one test; it can be opened several times, as by several silos.</summary>
public sealed class TestDatabase : IAsyncDisposable
{
    private readonly List<Database> _opened = [];

    private TestDatabase(StorageOptions options) => Options = options;

    public StorageOptions Options { get; }

    public static TestDatabase Sqlite() =>
        new(new StorageOptions { DataDirectory = Directory.CreateTempSubdirectory("hypeman-storage-").FullName });

    public static async Task<TestDatabase> PostgresAsync(PostgresServer server) =>
        new(new StorageOptions { ConnectionString = await server.NewDatabaseAsync() });

    public async Task<Database> OpenAsync()
    {
        var database = await Database.OpenAsync(Options, TestContext.Current.CancellationToken);
        lock (_opened)
            _opened.Add(database);
        return database;
    }

    /// <summary>Runs SQL behind the back of what is tested.</summary>
    public async Task<int> ExecuteAsync(string sql, object? parameters = null)
    {
        var database = await OpenAsync();
        await using var connection = await database.Writes.OpenConnectionAsync();
        return await connection.ExecuteAsync(sql, parameters);
    }

    public async Task<T?> ScalarAsync<T>(string sql)
    {
        var database = await OpenAsync();
        await using var connection = await database.Reads.OpenConnectionAsync();
        return await connection.ExecuteScalarAsync<T>(sql);
    }

    public async Task CloseAsync()
    {
        foreach (var database in _opened)
            await database.DisposeAsync();
        _opened.Clear();
    }

    public async ValueTask DisposeAsync()
    {
        await CloseAsync();
        if (Options.IsEmbedded)
            Directory.Delete(Options.DataDirectory, recursive: true);
    }
}

/// <summary>A suite that holds on every database; its subclasses say which.</summary>
public abstract class DatabaseTests : IAsyncLifetime
{
    protected TestDatabase Store { get; private set; } = null!;

    protected static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    protected abstract Task<TestDatabase> NewAsync();

    public virtual async ValueTask InitializeAsync() => Store = await NewAsync();

    public virtual async ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        if (Store is not null)
            await Store.DisposeAsync();
    }
}

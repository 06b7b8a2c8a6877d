using System.Data.Common;
using Microsoft.Data.Sqlite;

namespace Hypeman.Storage.Databases;

/// <summary>
/// Hands out at most so many open connections at a time and lets the others wait without a thread. Left to
/// themselves SQLite's writers collide and sleep on pool threads, which measured as tails of several seconds.
/// </summary>
/// <remarks>
/// <c>synchronous = FULL</c>: a commit that was answered survives a power loss. NORMAL would double the rate of writes
/// and could forget instances, and epochs that fence, of the last moments; one node never needs that rate.
/// </remarks>
internal sealed class SqliteDataSource(string connectionString, int maxOpen) : DbDataSource
{
    private const string Settings = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 67108864";

    private readonly SemaphoreSlim _gate = new(maxOpen, maxOpen);

    public override string ConnectionString => connectionString;

    /// <summary>Unopened and ungated; Orleans looks at its type only.</summary>
    protected override DbConnection CreateDbConnection() => new SqliteConnection(connectionString);

    protected override DbConnection OpenDbConnection()
    {
        _gate.Wait();
        return Open();
    }

    protected override async ValueTask<DbConnection> OpenDbConnectionAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken);
        return Open();
    }

    private GatedConnection Open()
    {
        var connection = new GatedConnection(connectionString, _gate);
        try
        {
            connection.Open();
            connection.Run(Settings);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    protected override void Dispose(bool disposing)
    {
        if (disposing)
            CloseIdle();
        base.Dispose(disposing);
    }

    protected override ValueTask DisposeAsyncCore()
    {
        CloseIdle();
        return base.DisposeAsyncCore();
    }

    /// <summary>The last connection to close folds the write-ahead log into the file.</summary>
    private void CloseIdle()
    {
        using var pooled = new SqliteConnection(connectionString);
        SqliteConnection.ClearPool(pooled);
    }

    private sealed class GatedConnection(string connectionString, SemaphoreSlim gate) : SqliteConnection(connectionString)
    {
        private SemaphoreSlim? _gate = gate;

        public void Run(string sql)
        {
            using SqliteCommand command = CreateCommand();
            command.CommandText = sql;
            command.ExecuteNonQuery();
        }

        protected override void Dispose(bool disposing)
        {
            if (Interlocked.Exchange(ref _gate, null) is not { } gate)
                return;
            try
            {
                // A query text that failed between its BEGIN and COMMIT must not leave its transaction to the next user.
                if (Handle is { IsInvalid: false } handle && SQLitePCL.raw.sqlite3_get_autocommit(handle) == 0 && Transaction is null)
                    Run("ROLLBACK");
                base.Dispose(disposing);
            }
            finally
            {
                gate.Release();
            }
        }
    }
}

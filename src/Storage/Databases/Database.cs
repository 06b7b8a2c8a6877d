using System.Data.Common;
using Hypeman.Storage.Clustering;
using Hypeman.Storage.Schema;

namespace Hypeman.Storage.Databases;

/// <summary>An opened database whose schema is the one this build needs.</summary>
public sealed class Database : IAsyncDisposable
{
    private Database(Dialect dialect, StorageOptions options) => (Dialect, Options) = (dialect, options);

    internal Dialect Dialect { get; }
    internal StorageOptions Options { get; }

    /// <summary>For writes, and for reads that belong to them.</summary>
    internal DbDataSource Writes => Dialect.Writes;

    /// <summary>For reads that must not wait behind writes.</summary>
    internal DbDataSource Reads => Dialect.Reads;

    /// <summary>Connects, and brings the schema up to date; any number of processes may do so at once.</summary>
    /// <exception cref="StorageException">The database is not ours, damaged, too new or cannot be reached.</exception>
    public static async Task<Database> OpenAsync(StorageOptions options, CancellationToken cancellationToken = default)
    {
        Dialect dialect = options.IsEmbedded
            ? SqliteDialect.Create(options.DataDirectory)
            : PostgresDialect.Create(options.ConnectionString!);
        try
        {
            await SchemaSteps.ApplyAsync(dialect, cancellationToken);
            await OrleansQueries.PublishAsync(dialect, cancellationToken);
            await dialect.MendAsync(cancellationToken);
            return new Database(dialect, options);
        }
        catch (DbException e)
        {
            await dialect.DisposeAsync();
            throw new StorageException(dialect.Explain(e), e);
        }
        catch
        {
            await dialect.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => Dialect.DisposeAsync();
}

using System.Data.Common;

namespace Hypeman.Storage.Databases;

/// <summary>All in which SQLite and PostgreSQL differ for us; the rest of the SQL is written once for both.</summary>
internal abstract class Dialect : IAsyncDisposable
{
    /// <summary>Also names the files with queries of this dialect alone.</summary>
    public abstract string Name { get; }

    /// <summary>How Orleans calls the ADO.NET provider.</summary>
    public abstract string Invariant { get; }

    public abstract DbDataSource Writes { get; }
    public abstract DbDataSource Reads { get; }

    /// <summary>The words that the schema's steps leave open: <c>$key</c>, <c>$bytes</c>, <c>$timestamp</c>.</summary>
    protected abstract IReadOnlyDictionary<string, string> Types { get; }

    /// <summary>True when this database can hold our tables only; then others in it mean that it is not ours.</summary>
    public abstract bool OwnsWholeDatabase { get; }

    /// <summary>Lets one starting process at a time past this point, until the transaction ends.</summary>
    public abstract Task LockSchemaAsync(DbTransaction transaction, int limitSeconds, CancellationToken cancellationToken);

    /// <summary>Sets right what the database brought along when it came here by a backup.</summary>
    public virtual Task MendAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>The database was lost, or is too slow; the same may work later.</summary>
    public virtual bool IsOutage(DbException error) => error.IsTransient;

    /// <summary>Names of the tables there are.</summary>
    public abstract string ListTables { get; }

    /// <summary>What an operator can make of this error.</summary>
    public abstract string Explain(DbException error);

    public string Render(string step) =>
        Types.Aggregate(step, (sql, type) => sql.Replace(type.Key, type.Value, StringComparison.Ordinal));

    public virtual async ValueTask DisposeAsync()
    {
        await Writes.DisposeAsync();
        if (!ReferenceEquals(Reads, Writes))
            await Reads.DisposeAsync();
    }
}

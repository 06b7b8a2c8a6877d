using System.Data.Common;
using Microsoft.Data.Sqlite;
using static SQLitePCL.raw;

namespace Hypeman.Storage.Databases;

/// <summary>SQLite: the embedded store of a fleet with one silo.</summary>
internal sealed class SqliteDialect : Dialect
{
    public const string FileName = "hypeman.db";
    private const int ConcurrentReads = 4;

    private readonly string _path;

    private SqliteDialect(string path)
    {
        _path = path;
        var connectionString = new SqliteConnectionStringBuilder { DataSource = path, ForeignKeys = true }.ToString();
        Writes = new SqliteDataSource(connectionString, maxOpen: 1);
        Reads = new SqliteDataSource(connectionString, ConcurrentReads);
    }

    public override string Name => "sqlite";

    /// <summary>This word makes Orleans load Microsoft.Data.Sqlite; that package's own name is not known to it.</summary>
    public override string Invariant => "System.Data.SQLite";

    public override DbDataSource Writes { get; }
    public override DbDataSource Reads { get; }
    public override bool OwnsWholeDatabase => true;
    public override string ListTables => "SELECT name FROM sqlite_master WHERE type = 'table' AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

    protected override IReadOnlyDictionary<string, string> Types { get; } = new Dictionary<string, string>
    {
        ["$key"] = "text",
        ["$bytes"] = "blob",
        ["$timestamp"] = "text",
    };

    public static SqliteDialect Create(string directory)
    {
        var path = Path.Combine(directory, FileName);
        try
        {
            Directory.CreateDirectory(directory, UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute);
            // SQLite gives its side files the mode of this one; it holds what guests were started with.
            using var made = new FileStream(path, new FileStreamOptions
            {
                Mode = FileMode.OpenOrCreate,
                Access = FileAccess.ReadWrite,
                Share = FileShare.ReadWrite,
                UnixCreateMode = UnixFileMode.UserRead | UnixFileMode.UserWrite,
            });
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StorageException($"the database file {path} cannot be written: {e.Message}", e);
        }
        return new SqliteDialect(path);
    }

    /// <summary>Our transactions are immediate: the write lock is already taken.</summary>
    public override Task LockSchemaAsync(DbTransaction transaction, int limitSeconds, CancellationToken cancellationToken) => Task.CompletedTask;

    public override string Explain(DbException error) => (error as SqliteException)?.SqliteErrorCode switch
    {
        SQLITE_NOTADB => $"{_path} is not a database; move it away, or restore it from a backup",
        SQLITE_CORRUPT => $"the database {_path} is damaged; restore it from a backup, or move it away to start empty",
        SQLITE_FULL => $"no room is left on the disk of {_path}",
        SQLITE_BUSY or SQLITE_LOCKED => $"another process holds the database {_path}; end it first",
        SQLITE_READONLY or SQLITE_CANTOPEN or SQLITE_PERM => $"the database {_path} cannot be written by this user",
        _ => $"the database {_path}: {error.Message}",
    };
}

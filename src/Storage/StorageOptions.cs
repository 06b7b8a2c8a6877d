using Hypeman.Storage.Databases;

namespace Hypeman.Storage;

/// <summary>Where the fleet keeps its records.</summary>
public sealed class StorageOptions
{
    /// <summary>
    /// The PostgreSQL database that all silos share, as <c>postgres://user:password@host:port/database</c> or as an
    /// Npgsql connection string. Null keeps everything in one SQLite file, which serves one silo only.
    /// </summary>
    public string? ConnectionString { get; set; }

    /// <summary>The directory of the embedded database; not used with PostgreSQL.</summary>
    public string DataDirectory { get; set; } = "/var/lib/hypeman";

    /// <summary>
    /// How often a watcher looks for changes made by other silos. Own changes are seen at once. Shorter is fresher
    /// and costs one small query per watcher.
    /// </summary>
    public TimeSpan PollInterval { get; set; } = TimeSpan.FromMilliseconds(500);

    /// <summary>How long a deletion is remembered for watchers that were cut off.</summary>
    public TimeSpan TombstoneRetention { get; set; } = TimeSpan.FromHours(24);

    public bool IsEmbedded => string.IsNullOrWhiteSpace(ConnectionString);

    public IEnumerable<string> Validate()
    {
        if (!IsEmbedded && PostgresConnection.TryParse(ConnectionString!, out var reason) is null)
            yield return $"the database connection string is not valid: {reason}";
        if (PollInterval < TimeSpan.FromMilliseconds(10) || PollInterval > TimeSpan.FromMinutes(1))
            yield return "the poll interval of the index must be between 10 ms and 1 minute";
        if (TombstoneRetention < TimeSpan.FromMinutes(1))
            yield return "deletions must be remembered for at least 1 minute";
    }
}

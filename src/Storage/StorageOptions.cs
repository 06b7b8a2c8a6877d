using Npgsql;

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

/// <summary>Reads the two ways in which people write a PostgreSQL connection.</summary>
internal static class PostgresConnection
{
    private static readonly string[] Schemes = ["postgres", "postgresql"];

    public static NpgsqlConnectionStringBuilder? TryParse(string text, out string? reason)
    {
        reason = null;
        try
        {
            NpgsqlConnectionStringBuilder built = text.Contains("://", StringComparison.Ordinal)
                ? FromUri(text)
                : new NpgsqlConnectionStringBuilder(text);
            if (string.IsNullOrEmpty(built.Host))
                throw new ArgumentException("it names no host (write postgres://user@host/database or Host=...;Database=...)");
            return built;
        }
        catch (Exception e) when (e is ArgumentException or FormatException or KeyNotFoundException)
        {
            reason = e.Message;
            return null;
        }
    }

    private static NpgsqlConnectionStringBuilder FromUri(string text)
    {
        if (!Uri.TryCreate(text, UriKind.Absolute, out Uri? uri) || !Schemes.Contains(uri.Scheme))
            throw new ArgumentException("only postgres://user:password@host:port/database is understood");
        var login = uri.UserInfo.Split(':', 2);
        var built = new NpgsqlConnectionStringBuilder
        {
            Host = uri.Host,
            Port = uri.IsDefaultPort || uri.Port < 0 ? 5432 : uri.Port,
            Database = Uri.UnescapeDataString(uri.AbsolutePath.TrimStart('/')),
            Username = Uri.UnescapeDataString(login[0]),
        };
        if (login.Length == 2)
            built.Password = Uri.UnescapeDataString(login[1]);
        foreach (var pair in uri.Query.TrimStart('?').Split('&', StringSplitOptions.RemoveEmptyEntries))
        {
            string[] parts = [.. pair.Split('=', 2).Select(Uri.UnescapeDataString)];
            var key = parts[0].Equals("sslmode", StringComparison.OrdinalIgnoreCase) ? "SSL Mode" : parts[0];
            var value = parts.ElementAtOrDefault(1) ?? "";
            built[key] = key == "SSL Mode" ? value.Replace("-", "", StringComparison.Ordinal) : value;
        }
        return built;
    }
}

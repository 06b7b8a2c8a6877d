using Npgsql;

namespace Hypeman.Storage.Databases;

/// <summary>Reads the two ways in which people write a PostgreSQL connection, and adds what a fleet needs of one.</summary>
internal static class PostgresConnection
{
    private static readonly string[] Schemes = ["postgres", "postgresql"];

    /// <summary>What holds unless the connection string says something else.</summary>
    private static readonly Dictionary<string, string> Defaults = new()
    {
        ["Application Name"] = "hypeman",

        // Else each new connection looks for a Kerberos realm first, which takes seconds where no DNS server answers.
        ["GSS Encryption Mode"] = "Disable",

        // Measured: a third more state writes, and half the tail, than without prepared statements.
        ["Max Auto Prepare"] = "100",
        ["Auto Prepare Min Usages"] = "2",

        // Nothing of ours changes a session beyond its transaction, and to reset one takes the server as long as a read.
        ["No Reset On Close"] = "true",

        // Six silos fit into a server's usual 100 connections, and more than these make no silo faster.
        ["Maximum Pool Size"] = "16",

        // In seconds. A database that hangs must become a clear error before the caller of the API gives up: opening
        // waits once so long, a command that goes unanswered for its own limit and then twice that of opening, while
        // the driver tries to cancel it.
        ["Timeout"] = "2",
        ["Command Timeout"] = "4",

        // The server's side of the same: what nobody waits for any more does not go on and holds no locks.
        // Plans are made once, not for each value: every query of ours is a walk of an index whatever it asks for.
        ["Options"] = "-c statement_timeout=4s -c idle_in_transaction_session_timeout=10s -c plan_cache_mode=force_generic_plan",
    };

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

    public static NpgsqlConnectionStringBuilder WithDefaults(NpgsqlConnectionStringBuilder given)
    {
        var built = new NpgsqlConnectionStringBuilder(given.ConnectionString);
        foreach (var (key, value) in Defaults.Where(d => !given.ShouldSerialize(d.Key)))
            built[key] = value;
        return built;
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

using Hypeman.NodeRuntime.Linux;
using Hypeman.Silo.Cluster;

namespace Hypeman.Silo.Configuration;

/// <summary>The key that API tokens are signed with.</summary>
internal static class JwtSecret
{
    public const string FileName = "jwt-secret";

    /// <summary>
    /// The configured key, else that of the fleet, else the one in the data directory, which is made for its owner alone
    /// when it is not there.
    /// </summary>
    /// <exception cref="StartupException">It cannot be read or written.</exception>
    public static string Ensure(HypemanOptions options)
    {
        if (options.JwtSecret.Length > 0)
            return options.JwtSecret;
        if (options.ClusterIdentity.Length > 0)
            return ClusterFiles.ReadJwtSecret(options.ClusterIdentity);
        var file = Path.Combine(options.DataDirectory, FileName);
        try
        {
            if (!File.Exists(file))
                Make(file);
            return File.ReadAllText(file).Trim() is { Length: > 0 } secret
                ? secret
                : throw new StartupException($"{file} is empty; remove it to have a new key made (tokens of the old one end)");
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"the key for API tokens cannot be kept in {file}: {e.Message}", e);
        }
    }

    // Of two that make it at once, both use the first.
    private static void Make(string file)
    {
        Directory.CreateDirectory(Path.GetDirectoryName(file)!, FileModes.PrivateFolder);
        AtomicFile.TryCreate(file, ClusterFiles.NewJwtSecret());
    }
}

using Hypeman.Silo.Cluster;

namespace Hypeman.Silo.Configuration;

/// <summary>The key that API tokens are signed with.</summary>
internal static class JwtSecret
{
    public const string FileName = "jwt-secret";

    /// <summary>The configured key, else that of the fleet, else the one in the data directory, which is made when it is not there.</summary>
    /// <exception cref="StartupException">It cannot be read or written.</exception>
    public static string Ensure(HypemanOptions options)
    {
        if (options.JwtSecret.Length > 0)
            return options.JwtSecret;
        return options.ClusterIdentity.Length > 0
            ? ClusterFiles.ReadJwtSecret(options.ClusterIdentity)
            : KeptSecret.Ensure(options, FileName, "the key for API tokens", ClusterFiles.NewSecret);
    }
}

using Hypeman.Certificates.Sealing;
using Hypeman.Silo.Cluster;

namespace Hypeman.Silo.Configuration;

/// <summary>The fleet's key, with which secrets are sealed that lie in the shared database.</summary>
internal static class SealingKey
{
    public const string FileName = ClusterFiles.SealingKey;

    /// <summary>
    /// That of the fleet, else the one in the data directory, which is made when it is not there. Null when the cluster identity was
    /// made before there was one, and nothing asks for it.
    /// </summary>
    /// <exception cref="StartupException">It is needed and not there, or is no key.</exception>
    public static SecretSealer? Ensure(HypemanOptions options)
    {
        if (options.ClusterIdentity.Length == 0)
            return Open(KeptSecret.Ensure(options, FileName, "the fleet's key", ClusterFiles.NewSecret), Path.Combine(options.DataDirectory, FileName));
        var file = Path.Combine(options.ClusterIdentity, FileName);
        if (File.Exists(file))
            return Open(ClusterFiles.Read(options.ClusterIdentity, FileName), file);
        return options.IssuesCertificates
            ? throw new StartupException(
                $"{file} is not there, and certificates need it: the identity is older than they are. Make it anew with 'hypeman-silo cluster issue'")
            : null;
    }

    private static SecretSealer Open(string text, string file)
    {
        var key = new byte[SecretSealer.KeyLength + 1];
        return Convert.TryFromBase64String(text.Trim(), key, out var length) && length == SecretSealer.KeyLength
            ? new SecretSealer(key[..length])
            : throw new StartupException($"{file} holds no key; a key is {SecretSealer.KeyLength} bytes in base64");
    }
}

using System.Security.Cryptography;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Silo.Cluster;

/// <summary>
/// The files by which a fleet knows its own, in directories for their owner alone. The CA's directory has the
/// authority, its key, the JWT key and the sealing key; a member's has everything but the authority's key. Any tool may make them.
/// </summary>
internal static class ClusterFiles
{
    /// <summary>The certificates whose issues are members, PEM. More than one while a CA is being replaced.</summary>
    public const string Authority = "ca.crt";

    /// <summary>Only where certificates are issued; no process of a fleet reads it.</summary>
    public const string AuthorityKey = "ca.key";

    public const string Member = "member.crt";
    public const string MemberKey = "member.key";

    /// <summary>The key that API tokens are signed with, the same everywhere.</summary>
    public const string JwtSecret = "jwt-secret";

    /// <summary>The key that secrets are sealed with which lie in the shared database, the same everywhere.</summary>
    public const string SealingKey = "sealing-key";

    /// <summary>All that a member has.</summary>
    public static readonly IReadOnlyList<string> OfMember = [Authority, Member, MemberKey, JwtSecret, SealingKey];

    private const int SecretBytes = 32;

    public static string NewSecret() => Convert.ToBase64String(RandomNumberGenerator.GetBytes(SecretBytes));

    /// <summary>Makes a directory for its owner alone; one that is there is closed to others.</summary>
    public static void MakePrivate(string directory)
    {
        Directory.CreateDirectory(directory, FileModes.PrivateFolder);
        File.SetUnixFileMode(directory, FileModes.PrivateFolder);
    }

    public static void Write(string directory, string name, string text) =>
        AtomicFile.Write(Path.Combine(directory, name), text.EndsWith('\n') ? text : text + "\n");

    /// <exception cref="StartupException">It is not there, empty, or cannot be read.</exception>
    public static string ReadJwtSecret(string directory) => Read(directory, JwtSecret).Trim() is { Length: > 0 } secret
        ? secret
        : throw new StartupException($"{Path.Combine(directory, JwtSecret)} is empty");

    /// <exception cref="StartupException">It is not there or cannot be read.</exception>
    public static string Read(string directory, string name)
    {
        var path = Path.Combine(directory, name);
        try
        {
            return File.ReadAllText(path);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new StartupException($"{path} cannot be read: {e.Message}", e);
        }
    }
}

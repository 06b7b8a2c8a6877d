using System.Text.RegularExpressions;

namespace Hypeman.Gateway.Registry;

/// <summary>What a path below <c>/v2/</c> names.</summary>
internal enum RegistryPathKind
{
    Blob,
    NewUpload,
    Upload,
    Manifest,
}

/// <summary>
/// A path of the protocol. Repository names have any number of parts, so routing's templates cannot take it apart.
/// </summary>
/// <param name="Kind">What it names.</param>
/// <param name="Repository">Without a host.</param>
/// <param name="Target">Digest, upload id, or tag or digest of a manifest; empty for a new upload.</param>
internal sealed partial record RegistryPath(RegistryPathKind Kind, string Repository, string Target)
{
    private const int MaxRepositoryLength = 255;

    /// <summary>Null for a path that is not of the protocol.</summary>
    /// <exception cref="RegistryException">NameInvalid.</exception>
    public static RegistryPath? Parse(string path)
    {
        var match = Pattern().Match(path);
        if (!match.Success)
            return null;
        var (repository, target) = (match.Groups["repository"].Value, match.Groups["target"].Value);
        if (repository.Length > MaxRepositoryLength || !RepositoryName().IsMatch(repository))
            throw new RegistryException(RegistryError.NameInvalid,
                $"'{repository}' is no repository name: parts of lower-case letters and digits are expected, "
                + "joined by '/', and inside by '.', '_', '__' or dashes");
        var kind = match.Groups["kind"].Value switch
        {
            "manifests" => RegistryPathKind.Manifest,
            "blobs" when target != "uploads" => RegistryPathKind.Blob,
            "blobs" => RegistryPathKind.NewUpload, // Some clients leave the last slash out.
            _ => target.Length == 0 ? RegistryPathKind.NewUpload : RegistryPathKind.Upload,
        };
        return target.Length == 0 && kind != RegistryPathKind.NewUpload ? null : new RegistryPath(kind, repository, target);
    }

    /// <summary>Whether a manifest is named by its digest.</summary>
    public bool IsByDigest => IsDigest(Target);

    public static bool IsDigest(string text) => Digest().IsMatch(text);

    public static bool IsTag(string text) => Tag().IsMatch(text);

    [GeneratedRegex("^(?<repository>.*)/(?<kind>blobs/uploads|blobs|manifests)/(?<target>[^/]*)$", RegexOptions.CultureInvariant)]
    private static partial Regex Pattern();

    [GeneratedRegex(@"^[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*(/[a-z0-9]+((\.|_|__|-+)[a-z0-9]+)*)*\z", RegexOptions.CultureInvariant | RegexOptions.NonBacktracking)]
    private static partial Regex RepositoryName();

    [GeneratedRegex(@"^sha256:[0-9a-f]{64}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Digest();

    [GeneratedRegex(@"^[A-Za-z0-9_][A-Za-z0-9_.-]{0,127}\z", RegexOptions.CultureInvariant)]
    private static partial Regex Tag();
}

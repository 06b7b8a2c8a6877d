namespace Hypeman.NodeRuntime.Images;

/// <summary>
/// A normalized image reference by the rules of the distribution project: <c>alpine</c> is
/// <c>docker.io/library/alpine:latest</c>; a digest reference keeps no tag.
/// </summary>
public sealed record ImageReference
{
    public const string DefaultRegistry = "docker.io";
    public const string DefaultTag = "latest";

    private const string LegacyDefaultRegistry = "index.docker.io";
    private const string OfficialNamespace = "library/";

    private ImageReference(string registry, string repository, string? tag, string? digest) =>
        (Registry, Repository, Tag, Digest) = (registry, repository, tag, digest);

    /// <summary>Host and optional port.</summary>
    public string Registry { get; }

    public string Repository { get; }
    public string? Tag { get; }

    /// <summary><c>sha256:</c> and 64 hexadecimal digits; null for a tag reference.</summary>
    public string? Digest { get; }

    /// <summary>Reads a reference as people write it; null with a reason when it is none.</summary>
    public static ImageReference? TryParse(string text, out string? reason)
    {
        ArgumentNullException.ThrowIfNull(text);
        reason = ImageReferenceGrammar.CheckText(text);
        if (reason is not null)
            return null;

        var (registry, rest) = SplitRegistry(text);
        var (name, digest) = Cut(rest, '@');
        var (repository, tag) = Cut(name, ':');
        if (registry == DefaultRegistry && !repository.Contains('/'))
            repository = OfficialNamespace + repository;

        reason = ImageReferenceGrammar.CheckRegistry(registry)
            ?? ImageReferenceGrammar.CheckRepository(repository)
            ?? (tag is null ? null : ImageReferenceGrammar.CheckTag(tag))
            ?? (digest is null ? null : ImageReferenceGrammar.CheckDigest(digest));
        if (reason is not null)
            return null;
        return digest is not null
            ? new ImageReference(registry, repository, null, digest)
            : new ImageReference(registry, repository, tag ?? DefaultTag, null);
    }

    public override string ToString() => $"{Registry}/{Repository}" + (Digest is null ? $":{Tag}" : $"@{Digest}");

    /// <summary>
    /// The first part is a registry when it can be no repository: it has a dot, a port or a capital, or is localhost.
    /// </summary>
    private static (string Registry, string Remainder) SplitRegistry(string text)
    {
        var slash = text.IndexOf('/');
        if (slash < 0)
            return (DefaultRegistry, text);
        var first = text[..slash];
        var isRegistry = first.AsSpan().ContainsAny('.', ':')
            || first == "localhost"
            || first.AsSpan().ContainsAnyInRange('A', 'Z');
        if (!isRegistry)
            return (DefaultRegistry, text);
        return (first == LegacyDefaultRegistry ? DefaultRegistry : first, text[(slash + 1)..]);
    }

    private static (string Before, string? After) Cut(string text, char separator)
    {
        var at = text.IndexOf(separator);
        return at < 0 ? (text, null) : (text[..at], text[(at + 1)..]);
    }
}

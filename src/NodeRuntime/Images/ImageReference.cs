namespace Hypeman.NodeRuntime.Images;

/// <summary>
/// A normalized image reference by the rules of the distribution project: <c>alpine</c> is
/// <c>docker.io/library/alpine:latest</c>; a digest reference keeps no tag.
/// </summary>
public sealed record ImageReference
{
    private ImageReference(string registry, string repository, string? tag, string? digest) =>
        (Registry, Repository, Tag, Digest) = (registry, repository, tag, digest);

    /// <summary>Host and optional port.</summary>
    public string Registry { get; }

    public string Repository { get; }
    public string? Tag { get; }

    /// <summary><c>sha256:</c> and 64 hexadecimal digits; null for a tag reference.</summary>
    public string? Digest { get; }

    /// <summary>Reads a reference as people write it; null with a reason when it is none.</summary>
    public static ImageReference? TryParse(string text, out string? reason) =>
        throw new NotSupportedException("written with the image host");

    public override string ToString() => $"{Registry}/{Repository}" + (Digest is null ? $":{Tag}" : $"@{Digest}");
}

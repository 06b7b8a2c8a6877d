using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Images;

/// <summary>The images of this host: blobs and roots by digest, and the queue that makes them.</summary>
public interface IImageHost
{
    /// <summary>Asks the registry what a reference means for a platform.</summary>
    /// <exception cref="NodeException">NotFound, RateLimited, Unauthorized, Unavailable.</exception>
    Task<ResolvedImage> ResolveAsync(
        ImageReference reference, string platform, RegistryLogin? login, CancellationToken cancellationToken);

    /// <summary>Reads an image that was pushed to this host or to another one, or pulled before. No registry is asked.</summary>
    /// <exception cref="NodeException">NotFound; Invalid when it is no image of that platform.</exception>
    Task<ResolvedImage> ResolvePushedAsync(
        ImageReference reference, string manifestDigest, string platform, CancellationToken cancellationToken);

    /// <summary>
    /// Makes the root of an image: waits for its turn and fetches missing blobs, waits for its turn and converts. Yields
    /// progress, whose stages never go back, and ends with Ready or Failed. Two callers for one digest share the work; a caller that leaves does not stop it.
    /// </summary>
    IAsyncEnumerable<RootProgress> EnsureRootAsync(
        ImageReference reference, ResolvedImage image, RegistryLogin? login, CancellationToken cancellationToken);

    /// <summary>Size in bytes of the root of this image; null when it is not here.</summary>
    long? FindRoot(string manifestDigest);

    /// <summary>Manifest digests of the roots that are here.</summary>
    IReadOnlyCollection<string> ListRoots();

    /// <summary>Removes the root and the blobs that no other image of this host needs. Absent is no error.</summary>
    Task DeleteAsync(string manifestDigest, CancellationToken cancellationToken);

    /// <summary>The content-addressed store that pulls and pushes fill.</summary>
    BlobStore Blobs { get; }
}

/// <summary>For one pull; never stored.</summary>
public sealed record RegistryLogin(string? Username, string? Password, string? Token)
{
    /// <summary>Keeps secrets out of logs.</summary>
    public override string ToString() => nameof(RegistryLogin);
}

/// <summary>What a reference means for one platform.</summary>
public sealed record ResolvedImage
{
    /// <summary>Digest of the platform's manifest, <c>sha256:...</c>.</summary>
    public required string ManifestDigest { get; init; }

    public required string Platform { get; init; }
    public required ImageConfig Config { get; init; }
}

/// <summary>The part of an OCI image config that decides how its program runs.</summary>
public sealed record ImageConfig
{
    public IReadOnlyList<string>? Entrypoint { get; init; }
    public IReadOnlyList<string>? Cmd { get; init; }
    public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();
    public string? WorkingDir { get; init; }
    public string? User { get; init; }
    public string? StopSignal { get; init; }
}

public enum RootStage
{
    Queued,
    Pulling,
    Converting,
    Ready,
    Failed,
}

/// <summary>Where the making of a root is.</summary>
public sealed record RootProgress(RootStage Stage)
{
    /// <summary>
    /// 1 for the next one; null when not waiting. Queued waits to be pulled; Converting with a position is pulled and
    /// waits to be converted.
    /// </summary>
    public int? QueuePosition { get; init; }
    public long BytesDone { get; init; }
    public long BytesTotal { get; init; }

    /// <summary>Size of the root once Ready.</summary>
    public long? RootBytes { get; init; }

    /// <summary>What went wrong, for the user.</summary>
    public string? Error { get; init; }

    /// <summary>Of which kind that is; null unless Failed.</summary>
    public NodeErrorKind? ErrorKind { get; init; }
}

namespace Hypeman.Contracts.Images;

public enum ImageStatus
{
    Pending,
    Pulling,
    Converting,
    Ready,
    Failed,
}

/// <summary>A wish to have an image. Credentials are used for this pull and never stored.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.image-spec")]
public sealed record ImageSpec
{
    /// <summary>The reference as the caller wrote it.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>For example <c>linux/amd64</c>; null takes the fleet's default.</summary>
    [Id(1)] public string? Platform { get; init; }

    [Id(2)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    [Id(3)] public RegistryCredentials? Credentials { get; init; }
}

[GenerateSerializer, Immutable, Alias("hypeman.registry-credentials")]
public sealed record RegistryCredentials
{
    [Id(0)] public string? Username { get; init; }
    [Id(1)] public string? Password { get; init; }
    [Id(2)] public string? RegistryToken { get; init; }

    /// <summary>Keeps secrets out of logs.</summary>
    public override string ToString() => nameof(RegistryCredentials);
}

/// <summary>What a caller may know about an image; also its summary in the resource index.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.image-info")]
public sealed record ImageInfo
{
    /// <summary>The normalized reference, for example <c>docker.io/library/alpine:latest</c>.</summary>
    [Id(0)] public required string Name { get; init; }

    /// <summary>Of the platform's manifest, not of an index.</summary>
    [Id(1)] public required string Digest { get; init; }

    [Id(2)] public required string Platform { get; init; }
    [Id(3)] public required ImageStatus Status { get; init; }

    /// <summary>1 for the next one to be worked on; null when not waiting.</summary>
    [Id(4)] public int? QueuePosition { get; init; }

    [Id(5)] public string? Error { get; init; }

    /// <summary>Of the root disk; null until ready.</summary>
    [Id(6)] public long? SizeBytes { get; init; }

    [Id(7)] public IReadOnlyList<string>? Entrypoint { get; init; }
    [Id(8)] public IReadOnlyList<string>? Cmd { get; init; }
    [Id(9)] public IReadOnlyDictionary<string, string> Env { get; init; } = new Dictionary<string, string>();
    [Id(10)] public string? WorkingDir { get; init; }
    [Id(11)] public string? User { get; init; }
    [Id(12)] public string? StopSignal { get; init; }
    [Id(13)] public IReadOnlyDictionary<string, string> Tags { get; init; } = new Dictionary<string, string>();
    [Id(14)] public required DateTimeOffset CreatedAt { get; init; }
}

/// <summary>
/// One image name. The grain keeps what the name points at and sees the pull through on its home node; roots and
/// blobs are files of the nodes, found by digest.
/// </summary>
[Alias("hypeman.image")]
public interface IImageGrain : IGrainWithStringKey
{
    /// <summary>Resolves the name at its registry and begins to pull what is missing. Repeating it is free.</summary>
    [Alias("Pull")] Task<ImageInfo> PullAsync(ImageSpec spec);

    /// <summary>Points the name at a manifest that was pushed to us and begins to convert it.</summary>
    [Alias("Import")] Task<ImageInfo> ImportAsync(string manifestDigest);

    [Alias("Get"), Orleans.Concurrency.AlwaysInterleave] Task<ImageInfo> GetAsync();

    [Alias("Delete")] Task DeleteAsync();

    [Alias("Watch")] IAsyncEnumerable<ImageInfo> WatchAsync(CancellationToken cancellationToken);
}

/// <summary>The way in to images by a name as people write it: normalizes it, finds its grain. Holds no state.</summary>
[Alias("hypeman.image-catalog")]
public interface IImageCatalogGrain : IGrainWithIntegerKey
{
    /// <exception cref="Errors.HypemanException"><c>invalid_name</c>, <c>not_found</c>, <c>rate_limited</c>.</exception>
    [Alias("Pull")] Task<ImageInfo> PullAsync(ImageSpec spec);

    /// <summary>By name or <c>name@sha256:...</c>.</summary>
    [Alias("Get")] Task<ImageInfo> GetAsync(string name);

    [Alias("Delete")] Task DeleteAsync(string name);

    /// <summary>Takes in what was pushed as <paramref name="name"/> (<c>host/repository:tag</c> or <c>@digest</c>).</summary>
    [Alias("Import")] Task<ImageInfo> ImportAsync(string name, string manifestDigest);
}

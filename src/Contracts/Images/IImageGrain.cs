namespace Hypeman.Contracts.Images;

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

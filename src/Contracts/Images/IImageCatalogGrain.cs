namespace Hypeman.Contracts.Images;

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

using Hypeman.Client.Http;

namespace Hypeman.Client.Images;

/// <summary>An image as the server tells of it.</summary>
public sealed record Image : ApiResource
{
    public required string Name { get; init; }
    public string Digest { get; init; } = "";

    /// <summary>pending, pulling, converting, ready or failed.</summary>
    public string Status { get; init; } = "";

    public int? QueuePosition { get; init; }
    public string? Error { get; init; }
    public long? SizeBytes { get; init; }
    public DateTimeOffset? CreatedAt { get; init; }

    /// <summary>Nothing more will happen to it.</summary>
    public bool IsSettled => Status is "ready" or "failed";
}

/// <summary>A wish for an image by its reference, such as <c>docker.io/library/alpine:latest</c>.</summary>
public sealed record CreateImage(string Name, RegistryLogin? Credentials = null);

/// <summary>A login at the image's registry, for one pull. The fleet does not keep it.</summary>
public sealed record RegistryLogin(string Username, string Password)
{
    /// <summary>Keeps the password out of whatever is printed.</summary>
    public override string ToString() => nameof(RegistryLogin);
}

/// <summary>The images of the fleet.</summary>
public sealed class ImagesClient
{
    private readonly ApiConnection _api;

    internal ImagesClient(ApiConnection api) => _api = api;

    /// <summary>Begins a pull; the image is not ready yet when this returns.</summary>
    public Task<Image> PullAsync(CreateImage wish, CancellationToken cancellationToken) =>
        _api.PostAsync<CreateImage, Image>("images", wish, cancellationToken);

    public Task<Image> GetAsync(string name, CancellationToken cancellationToken) =>
        _api.GetAsync<Image>(Path(name), cancellationToken);

    public Task<List<Image>> ListAsync(CancellationToken cancellationToken) =>
        _api.GetAsync<List<Image>>("images", cancellationToken);

    public Task DeleteAsync(string name, CancellationToken cancellationToken) => _api.DeleteAsync(Path(name), cancellationToken);

    /// <summary>
    /// Asks again and again until the image is ready or has failed; the API has no way to be told.
    /// </summary>
    /// <param name="absentIsFine">An image that was just pushed appears a moment later: go on asking.</param>
    public async Task<Image> WaitAsync(
        string name, bool absentIsFine, TimeProvider time, Action<Image> progress, CancellationToken cancellationToken)
    {
        var pause = TimeSpan.FromMilliseconds(100);
        while (true)
        {
            try
            {
                var image = await GetAsync(name, cancellationToken);
                progress(image);
                if (image.IsSettled)
                    return image;
            }
            catch (ApiException e) when (absentIsFine && e.Status == System.Net.HttpStatusCode.NotFound)
            {
                // Not taken in yet.
            }
            await Task.Delay(pause, time, cancellationToken);
            pause = pause < TimeSpan.FromSeconds(1) ? pause * 1.3 : pause;
        }
    }

    private static string Path(string name) => $"images/{Uri.EscapeDataString(name)}";
}

using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Instances;

/// <summary>Images that instances can be made from. One that is missing is pulled, and waited for a little while.</summary>
internal sealed class ReadyImages(IGrainFactory grains, GrainClock clock)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    // A thousand creates a second are often of one image.
    private readonly SharedReads<ImageInfo?> _reads = new();

    /// <exception cref="HypemanException">
    /// <c>image_not_ready</c> when it is being pulled or could not be; <c>invalid_name</c>, <c>not_found</c>.
    /// </exception>
    public async Task<ImageInfo> GetAsync(string name)
    {
        var image = await _reads.ReadAsync(name, () => FindAsync(name)) ?? await grains.ImageCatalog().PullAsync(new ImageSpec { Name = name });
        if (image.Status is not (ImageStatus.Ready or ImageStatus.Failed))
            image = await WaitAsync(image);
        return image.Status switch
        {
            ImageStatus.Ready => image,
            ImageStatus.Failed => throw NotReady($"image {image.Name} could not be pulled: {image.Error}"),
            ImageStatus.Pending or ImageStatus.Pulling or ImageStatus.Converting =>
                throw NotReady($"image {image.Name} is being pulled, please try again shortly"),
        };
    }

    private async Task<ImageInfo?> FindAsync(string name)
    {
        try
        {
            return await grains.ImageCatalog().GetAsync(name);
        }
        catch (HypemanException missing) when (missing.Kind == ErrorKind.NotFound)
        {
            return null;
        }
    }

    private async Task<ImageInfo> WaitAsync(ImageInfo image)
    {
        using var patience = new CancellationTokenSource(Patience, clock.Time);
        try
        {
            await foreach (var info in grains.Image(image.Name).WatchAsync(patience.Token).WithCancellation(patience.Token))
            {
                image = info;
                if (image.Status is ImageStatus.Ready or ImageStatus.Failed)
                    break;
            }
        }
        catch (Exception error) when (error is OperationCanceledException or EnumerationAbortedException)
        {
            // As far as it came.
        }
        return image;
    }

    private static HypemanException NotReady(string message) => HypemanException.Invalid("image_not_ready", message);
}

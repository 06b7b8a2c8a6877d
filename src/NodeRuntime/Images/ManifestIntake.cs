using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Oci;

namespace Hypeman.NodeRuntime.Images;

/// <summary>What a pushed manifest turned out to be.</summary>
/// <param name="Digest">Of what was pushed.</param>
/// <param name="ImageDigest">Of the manifest of the image for the platform; null when there is none in it.</param>
public sealed record TakenManifest(Digest Digest, Digest? ImageDigest);

/// <summary>Takes in manifests that are pushed, once all that they name is here.</summary>
public sealed class ManifestIntake(BlobStore blobs)
{
    /// <summary>Keeps a manifest or index as a blob.</summary>
    /// <param name="content">As it came.</param>
    /// <param name="contentType">What the pusher calls it.</param>
    /// <param name="platform">For example <c>linux/amd64</c>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="NodeException">Invalid; NotSupported for schema 1; NotFound: the message names what is missing.</exception>
    public async Task<TakenManifest> AddAsync(
        ReadOnlyMemory<byte> content, string? contentType, string platform, CancellationToken cancellationToken)
    {
        var document = ManifestDocument.Parse(content.Span, contentType);
        var digest = Digest.Of(content.Span);
        var image = document is ImageIndex index
            ? await FindImageAsync(index, Platform.Parse(platform), cancellationToken)
            : await IsImageAsync((ImageManifest)document, Platform.Parse(platform), cancellationToken) ? digest : null;
        await blobs.PutAsync(content, cancellationToken);
        return new TakenManifest(digest, image);
    }

    /// <summary>A manifest or index that is here, with its media type; null for anything else.</summary>
    public async Task<(byte[] Content, string MediaType)?> FindAsync(Digest digest, CancellationToken cancellationToken)
    {
        if (blobs.Find(digest) is not <= ImageLimits.ManifestBytes)
            return null;
        var content = await blobs.ReadAsync(digest, ImageLimits.ManifestBytes, cancellationToken);
        try
        {
            return (content, ManifestDocument.Parse(content, null).MediaType);
        }
        catch (NodeException)
        {
            return null;
        }
    }

    private async Task<Digest?> FindImageAsync(ImageIndex index, Platform platform, CancellationToken cancellationToken)
    {
        CheckPresent(index.Manifests);
        foreach (var candidate in index.Manifests.Where(manifest => manifest.Platform is null || platform.Runs(manifest.Platform)))
        {
            var content = await blobs.ReadAsync(candidate.Digest, ImageLimits.ManifestBytes, cancellationToken);
            if (ManifestDocument.Parse(content, candidate.MediaType) is ImageManifest manifest
                && await IsImageAsync(manifest, platform, cancellationToken))
                return candidate.Digest;
        }
        return null;
    }

    /// <summary>Whether it is an image that runs on the platform, and not one for another, or some other artifact.</summary>
    private async Task<bool> IsImageAsync(ImageManifest manifest, Platform platform, CancellationToken cancellationToken)
    {
        CheckPresent(manifest.Parts);
        if (!MediaTypes.IsImageConfig(manifest.Config.MediaType))
            return false;
        manifest.CheckIsImage();
        var content = await blobs.ReadAsync(manifest.Config.Digest, ImageLimits.ConfigBytes, cancellationToken);
        var config = ConfigDocument.Parse(content);
        if (!platform.Runs(config.Platform))
            return false;
        config.CheckFits(platform, manifest);
        return true;
    }

    private void CheckPresent(IEnumerable<Descriptor> parts)
    {
        foreach (var part in parts)
        {
            if (blobs.Find(part.Digest) is not { } size)
                throw new NodeException(NodeErrorKind.NotFound, $"{part.Digest}, which the manifest names, was not pushed");
            if (size != part.Size)
                throw new NodeException(NodeErrorKind.Invalid, $"{part.Digest} has {size} bytes, but the manifest says {part.Size}");
        }
    }
}

using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images.Oci;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Images.Registry;

namespace Hypeman.NodeRuntime.Images;

/// <summary>Follows a reference to the manifest and config of one platform, and keeps both as blobs.</summary>
internal sealed class ImageResolver(BlobStore blobs, PeerFetch peers)
{
    /// <summary>An index may name an index, but not for ever.</summary>
    private const int MaxIndexDepth = 2;

    /// <inheritdoc cref="IImageHost.ResolveAsync"/>
    public async Task<ResolvedImage> ResolveAsync(
        RegistrySession session, ImageReference reference, Platform platform, CancellationToken cancellationToken)
    {
        var fetched = await session.GetManifestAsync(reference.Digest ?? reference.Tag!, cancellationToken);
        var document = ManifestDocument.Parse(fetched.Content, fetched.ContentType);
        for (var depth = 0; document is ImageIndex index && depth < MaxIndexDepth; depth++)
        {
            fetched = await session.GetManifestAsync(index.Choose(platform).Digest.ToString(), cancellationToken);
            document = ManifestDocument.Parse(fetched.Content, fetched.ContentType);
        }
        if (document is not ImageManifest manifest)
            throw new NodeException(NodeErrorKind.Invalid, $"Image {reference} is an index of indexes without end.");
        manifest.CheckIsImage();
        var configContent = await ReadConfigAsync(session, manifest.Config, cancellationToken);
        var config = ConfigDocument.Parse(configContent);
        if (!platform.Runs(config.Platform))
            throw new NodeException(NodeErrorKind.NotFound, $"Image {reference} is not there for {platform}, only for {config.Platform}.");
        config.CheckFits(platform, manifest);
        await blobs.PutAsync(fetched.Content, cancellationToken);
        return Resolved(fetched.Digest, platform, config);
    }

    /// <inheritdoc cref="IImageHost.ResolvePushedAsync"/>
    public async Task<ResolvedImage> ResolvePushedAsync(
        ImageReference reference, Digest manifestDigest, Platform platform, CancellationToken cancellationToken)
    {
        var wish = new BlobWish(manifestDigest, manifestDigest, reference.Repository);
        await peers.TryAsync(wish, null, ImageLimits.ManifestBytes, _ => { }, cancellationToken);
        var manifest = await ReadManifestAsync(manifestDigest, cancellationToken);
        manifest.CheckIsImage();
        await peers.TryAsync(
            wish with { Blob = manifest.Config.Digest }, manifest.Config.Size, ImageLimits.ConfigBytes, _ => { }, cancellationToken);
        var config = ConfigDocument.Parse(await blobs.ReadAsync(manifest.Config.Digest, ImageLimits.ConfigBytes, cancellationToken));
        config.CheckFits(platform, manifest);
        return Resolved(manifestDigest, platform, config);
    }

    /// <summary>A manifest that is here.</summary>
    /// <exception cref="NodeException">NotFound; Invalid: it is no image's.</exception>
    public async Task<ImageManifest> ReadManifestAsync(Digest digest, CancellationToken cancellationToken)
    {
        var content = await blobs.ReadAsync(digest, ImageLimits.ManifestBytes, cancellationToken);
        return ManifestDocument.Parse(content, null) as ImageManifest
            ?? throw new NodeException(NodeErrorKind.Invalid, $"{digest} is an index of images, not an image.");
    }

    private async Task<byte[]> ReadConfigAsync(RegistrySession session, Descriptor config, CancellationToken cancellationToken)
    {
        if (blobs.Find(config.Digest) is null)
        {
            await using var writer = blobs.BeginWrite();
            await session.DownloadAsync(config, writer, _ => { }, cancellationToken);
            writer.Commit(config.Digest);
        }
        return await blobs.ReadAsync(config.Digest, ImageLimits.ConfigBytes, cancellationToken);
    }

    private static ResolvedImage Resolved(Digest manifest, Platform platform, ConfigDocument config) => new()
    {
        ManifestDigest = manifest.ToString(),
        Platform = platform.ToString(),
        Config = config.Program,
    };
}

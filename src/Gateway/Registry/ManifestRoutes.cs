using Hypeman.Contracts;
using Hypeman.Contracts.Index;

namespace Hypeman.Gateway.Registry;

/// <summary>Manifests: reads by tag or digest, and the push that makes an image of the API.</summary>
internal sealed class ManifestRoutes(IRegistryStore store, IResourceIndex index, IGrainFactory grains)
{
    private const int MaxManifestBytes = 4 << 20;

    public async Task<IResult> ReadAsync(HttpContext context, RegistryPath path)
    {
        var digest = path.IsByDigest ? path.Target : await FindTagAsync(context, path);
        var manifest = digest is null ? null : await store.FindManifestAsync(digest, context.RequestAborted);
        if (manifest is null)
            throw new RegistryException(RegistryError.ManifestUnknown, $"manifest {path.Target} of {path.Repository} is not here");
        context.Response.Headers["Docker-Content-Digest"] = digest;
        return Results.Bytes(manifest.Content, manifest.MediaType);
    }

    public async Task<IResult> PutAsync(HttpContext context, RegistryPath path)
    {
        if (!path.IsByDigest && !RegistryPath.IsTag(path.Target))
            throw new RegistryException(RegistryError.ManifestInvalid, $"'{path.Target}' is neither a tag nor a sha256 digest");
        var content = await ReadBodyAsync(context);
        var receipt = await store.PutManifestAsync(content, context.Request.ContentType, context.RequestAborted);
        if (path.IsByDigest && receipt.Digest != path.Target)
            throw new RegistryException(RegistryError.DigestInvalid, $"the manifest has the digest {receipt.Digest}");

        // The manifests of an index come by digest first; those for other platforms are kept, but are no images here.
        if (receipt.ImageDigest is { } image)
            await grains.ImageCatalog().ImportAsync(ImageName(context.Request, path), image);
        else if (!path.IsByDigest)
            throw new RegistryException(RegistryError.ManifestInvalid, $"it holds no image for {store.Platform}, which this fleet runs");
        context.Response.Headers["Docker-Content-Digest"] = receipt.Digest;
        return Results.Created($"/v2/{path.Repository}/manifests/{receipt.Digest}", null);
    }

    private async Task<string?> FindTagAsync(HttpContext context, RegistryPath path)
    {
        var row = await index.GetAsync(ResourceKind.Image, ImageName(context.Request, path), context.RequestAborted);
        return row?.Parent;
    }

    /// <summary>What was pushed here is named as its pusher named us.</summary>
    private static string ImageName(HttpRequest request, RegistryPath path) =>
        $"{request.Host}/{path.Repository}{(path.IsByDigest ? '@' : ':')}{path.Target}";

    private static async Task<byte[]> ReadBodyAsync(HttpContext context)
    {
        using var content = new MemoryStream();
        var buffer = new byte[64 << 10];
        while (await context.Request.Body.ReadAsync(buffer, context.RequestAborted) is > 0 and var count)
        {
            if (content.Length + count > MaxManifestBytes)
                throw new RegistryException(RegistryError.SizeInvalid, $"a manifest has at most {MaxManifestBytes} bytes");
            content.Write(buffer, 0, count);
        }
        return content.ToArray();
    }
}

namespace Hypeman.Gateway.Registry;

/// <summary>Reads of blobs, whole or in part.</summary>
internal sealed class BlobRoutes(IRegistryStore store)
{
    public IResult Read(HttpContext context, RegistryPath path)
    {
        if (!path.IsByDigest)
            throw new RegistryException(RegistryError.DigestInvalid, $"'{path.Target}' is no sha256 digest");
        if (store.FindBlob(path.Target) is null)
            throw new RegistryException(RegistryError.BlobUnknown, $"blob {path.Target} is not here");
        context.Response.Headers["Docker-Content-Digest"] = path.Target;
        return Results.Stream(store.OpenBlob(path.Target), "application/octet-stream", enableRangeProcessing: true);
    }
}

namespace Hypeman.Gateway.Registry;

/// <summary>
/// Where pushed blobs go and pulled ones come from. Blobs have no repository: one that is there is there for all.
/// Digests are <c>sha256:</c> and 64 hexadecimal digits. Every method may throw <see cref="RegistryException"/>.
/// </summary>
public interface IRegistryStore
{
    /// <summary>Size in bytes, or null. A found blob stays for a while, as the asker will not send it.</summary>
    long? FindBlob(string digest);

    /// <summary>Seekable; for the caller to close.</summary>
    Stream OpenBlob(string digest);

    /// <summary>Begins an upload and gives its id.</summary>
    string BeginUpload();

    /// <summary>Bytes that the upload has.</summary>
    long FindUpload(string id);

    /// <summary>Adds to an upload, at <paramref name="offset"/> or, when that is null, at the end.</summary>
    /// <returns>Bytes that the upload has now.</returns>
    Task<long> AppendAsync(string id, long? offset, Stream content, CancellationToken cancellationToken);

    /// <summary>Makes the upload a blob, if it has that digest.</summary>
    Task FinishUploadAsync(string id, string digest);

    Task CancelUploadAsync(string id);

    /// <summary>A manifest or an index; null when there is none.</summary>
    Task<RegistryManifest?> FindManifestAsync(string digest, CancellationToken cancellationToken);

    /// <summary>Of the images that can run here, for example <c>linux/amd64</c>.</summary>
    string Platform { get; }

    /// <summary>Keeps a manifest or index, if all that it names is here.</summary>
    Task<ManifestReceipt> PutManifestAsync(byte[] content, string? mediaType, CancellationToken cancellationToken);
}

public sealed record RegistryManifest(byte[] Content, string MediaType);

/// <summary>What a manifest turned out to be.</summary>
/// <param name="Digest">Of what was pushed.</param>
/// <param name="ImageDigest">Of the manifest of the image that can run here; null when there is none in it.</param>
public sealed record ManifestReceipt(string Digest, string? ImageDigest);

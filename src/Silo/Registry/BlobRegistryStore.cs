using Hypeman.Gateway.Registry;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Images;

namespace Hypeman.Silo.Registry;

/// <summary>Pushes to this process go into the blobs of its own node.</summary>
internal sealed class BlobRegistryStore(BlobStore blobs, string platform, TimeProvider clock) : IRegistryStore, IAsyncDisposable
{
    /// <summary>An upload to which nothing is added for so long is dropped; a blob that was asked for is kept so long.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromHours(1);

    private readonly UploadSessions _uploads = new(blobs, Patience, clock);
    private readonly ManifestIntake _manifests = new(blobs);

    public string Platform { get; } = platform;

    public long? FindBlob(string digest)
    {
        var blob = Digest.Parse(digest);
        if (blobs.Find(blob) is null)
            return null;
        blobs.Promise(blob, Patience);
        return blobs.Find(blob); // It may have gone before the promise; it cannot go behind it.
    }

    public Stream OpenBlob(string digest) => Do(() => blobs.Open(Digest.Parse(digest)), RegistryError.BlobUnknown);
    public string BeginUpload() => Do(_uploads.Begin, RegistryError.BlobUploadUnknown);
    public long FindUpload(string id) => Do(() => _uploads.OffsetOf(id), RegistryError.BlobUploadUnknown);

    public Task<long> AppendAsync(string id, long? offset, Stream content, CancellationToken cancellationToken) =>
        DoAsync(() => _uploads.AppendAsync(id, offset, content, cancellationToken), RegistryError.BlobUploadUnknown);

    public Task FinishUploadAsync(string id, string digest) => DoAsync(async () =>
    {
        await _uploads.FinishAsync(id, Digest.Parse(digest));
        return true;
    }, RegistryError.BlobUploadUnknown, RegistryError.DigestInvalid);

    public Task CancelUploadAsync(string id) => DoAsync(async () =>
    {
        await _uploads.CancelAsync(id);
        return true;
    }, RegistryError.BlobUploadUnknown);

    public async Task<RegistryManifest?> FindManifestAsync(string digest, CancellationToken cancellationToken) =>
        await _manifests.FindAsync(Digest.Parse(digest), cancellationToken) is var (content, mediaType)
            ? new RegistryManifest(content, mediaType)
            : null;

    public Task<ManifestReceipt> PutManifestAsync(byte[] content, string? mediaType, CancellationToken cancellationToken) =>
        DoAsync(async () =>
        {
            var taken = await _manifests.AddAsync(content, mediaType, Platform, cancellationToken);
            blobs.Promise(taken.Digest, Patience);
            return new ManifestReceipt(taken.Digest.ToString(), taken.ImageDigest?.ToString());
        }, RegistryError.ManifestBlobUnknown);

    public ValueTask DisposeAsync() => _uploads.DisposeAsync();

    private static T Do<T>(Func<T> work, RegistryError notFound)
    {
        try
        {
            return work();
        }
        catch (NodeException failure)
        {
            throw Translate(failure, notFound, RegistryError.ManifestInvalid);
        }
    }

    private static async Task<T> DoAsync<T>(
        Func<Task<T>> work, RegistryError notFound, RegistryError invalid = RegistryError.ManifestInvalid)
    {
        try
        {
            return await work();
        }
        catch (NodeException failure)
        {
            throw Translate(failure, notFound, invalid);
        }
    }

    private static RegistryException Translate(NodeException failure, RegistryError notFound, RegistryError invalid) => new(
        failure.Kind switch
        {
            NodeErrorKind.NotFound => notFound,
            NodeErrorKind.Invalid or NodeErrorKind.NotSupported => invalid,
            NodeErrorKind.WrongPhase => RegistryError.BlobUploadInvalid,
            NodeErrorKind.RateLimited => RegistryError.TooManyRequests,
            NodeErrorKind.InsufficientResources => RegistryError.InsufficientStorage,
            NodeErrorKind.Unauthorized => RegistryError.Denied,
            NodeErrorKind.Fenced or NodeErrorKind.Busy or NodeErrorKind.Unavailable or NodeErrorKind.TimedOut or NodeErrorKind.DependencyMissing
                or NodeErrorKind.Internal => RegistryError.Unavailable,
        }, failure.Message);
}

using System.Collections.Concurrent;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Images;

/// <summary>
/// Blobs of this host by digest: manifests, configs and layers as they came. A blob is there whole or not at all: it is
/// written under another name, hashed on the way, synced and renamed. What no image needs any more is removed by
/// <see cref="ImageHost"/>; whoever is about to need a blob holds or promises it.
/// </summary>
public sealed class BlobStore
{
    private const string IncomingName = "incoming";

    private readonly string _blobs;
    private readonly string _incoming;
    private readonly TimeProvider _clock;
    private readonly Lock _removal = new();
    private readonly Dictionary<Digest, int> _holds = [];
    private readonly ConcurrentDictionary<Digest, DateTimeOffset> _promises = [];

    /// <summary>Makes what is missing and removes what writers left that died. One store a directory at a time.</summary>
    public BlobStore(DataLayout layout, TimeProvider clock)
    {
        _clock = clock;
        _blobs = Path.Combine(layout.Blobs, "sha256");
        _incoming = Path.Combine(layout.Blobs, IncomingName);
        Directory.CreateDirectory(_blobs);
        if (Directory.Exists(_incoming))
            Directory.Delete(_incoming, recursive: true);
        Directory.CreateDirectory(_incoming);
    }

    /// <summary>Size in bytes; null when it is not here.</summary>
    public long? Find(Digest digest) => new FileInfo(PathOf(digest)) is { Exists: true } file ? file.Length : null;

    /// <exception cref="NodeException">NotFound.</exception>
    public FileStream Open(Digest digest)
    {
        try
        {
            return new FileStream(PathOf(digest), new FileStreamOptions
            {
                Share = FileShare.Read | FileShare.Delete,
                Options = FileOptions.Asynchronous | FileOptions.SequentialScan,
            });
        }
        catch (FileNotFoundException)
        {
            throw new NodeException(NodeErrorKind.NotFound, $"There is no blob {digest} here.");
        }
    }

    /// <summary>A whole blob; for manifests and configs.</summary>
    /// <exception cref="NodeException">NotFound; Invalid: larger than <paramref name="maxBytes"/>.</exception>
    public async Task<byte[]> ReadAsync(Digest digest, int maxBytes, CancellationToken cancellationToken)
    {
        await using var blob = Open(digest);
        if (blob.Length > maxBytes)
            throw new NodeException(NodeErrorKind.Invalid, $"Blob {digest} has {blob.Length} bytes, at most {maxBytes} are expected.");
        var content = new byte[blob.Length];
        await blob.ReadExactlyAsync(content, cancellationToken);
        return content;
    }

    /// <summary>Begins a new blob. Disposing it uncommitted leaves nothing.</summary>
    public BlobWriter BeginWrite() => new(this, Path.Combine(_incoming, Guid.NewGuid().ToString("N")));

    public async Task<Digest> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        var digest = Digest.Of(content.Span);
        if (Find(digest) is not null)
            return digest;
        await using var writer = BeginWrite();
        await writer.WriteAsync(content, cancellationToken);
        writer.Commit(digest);
        return digest;
    }

    /// <summary>Keeps blobs, also ones that are still to come, until the answer is disposed.</summary>
    public IDisposable Hold(IReadOnlyCollection<Digest> digests)
    {
        lock (_removal)
            foreach (var digest in digests)
                _holds[digest] = _holds.GetValueOrDefault(digest) + 1;
        return new Held(this, digests);
    }

    /// <summary>Keeps a blob for a while: a pusher was told that it need not send it.</summary>
    public void Promise(Digest digest, TimeSpan time) => _promises[digest] = _clock.GetUtcNow() + time;

    /// <summary>Removes a blob unless it is held, promised or needed. Absent is no error.</summary>
    /// <param name="digest">Of the blob.</param>
    /// <param name="isNeeded">Asked while no hold can end, so whoever records a need before that is heard.</param>
    public void Remove(Digest digest, Func<Digest, bool> isNeeded)
    {
        lock (_removal)
            if (!_holds.ContainsKey(digest) && !IsPromised(digest) && !isNeeded(digest))
                File.Delete(PathOf(digest));
    }

    /// <summary>Blobs that were written before this time.</summary>
    public IEnumerable<Digest> ListOlderThan(DateTimeOffset time) =>
        from file in new DirectoryInfo(_blobs).EnumerateFiles()
        where file.LastWriteTimeUtc < time.UtcDateTime && Digest.IsHex(file.Name)
        select Digest.Parse(Digest.Prefix + file.Name);

    internal string PathOf(Digest digest) => Path.Combine(_blobs, digest.Hex);

    /// <summary>Gives a written file its name. When another has it already, that is the same content.</summary>
    internal void Publish(string path, Digest digest)
    {
        lock (_removal)
            File.Move(path, PathOf(digest), overwrite: true);
        AtomicFile.SyncDirectory(_blobs);
    }

    private bool IsPromised(Digest digest)
    {
        if (!_promises.TryGetValue(digest, out var until))
            return false;
        if (until > _clock.GetUtcNow())
            return true;
        _promises.TryRemove(digest, out _);
        return false;
    }

    private void Release(IReadOnlyCollection<Digest> digests)
    {
        lock (_removal)
            foreach (var digest in digests)
                if (--_holds[digest] == 0)
                    _holds.Remove(digest);
    }

    private sealed class Held(BlobStore store, IReadOnlyCollection<Digest> digests) : IDisposable
    {
        private int _released;

        public void Dispose()
        {
            if (Interlocked.Exchange(ref _released, 1) == 0)
                store.Release(digests);
        }
    }
}

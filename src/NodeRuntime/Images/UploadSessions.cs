using System.Collections.Concurrent;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Images;

/// <summary>
/// Blobs that are pushed to us in pieces. A session lives as long as this process, and ends when nothing is added to it
/// for a while; a pusher then begins again.
/// </summary>
public sealed class UploadSessions : IAsyncDisposable
{
    private const int MaxSessions = 1000;
    private const int ChunkSize = 128 << 10;

    private readonly BlobStore _blobs;
    private readonly TimeProvider _clock;
    private readonly TimeSpan _timeout;
    private readonly ConcurrentDictionary<string, Session> _sessions = [];
    private readonly ITimer _expiry;

    /// <param name="blobs">Where finished uploads go.</param>
    /// <param name="timeout">How long nothing may be added to an upload, and a finished one is kept for its manifest.</param>
    /// <param name="clock">Measures it.</param>
    public UploadSessions(BlobStore blobs, TimeSpan timeout, TimeProvider clock)
    {
        (_blobs, _clock, _timeout) = (blobs, clock, timeout);
        _expiry = clock.CreateTimer(_ => Expire(), null, _timeout / 4, _timeout / 4);
    }

    /// <summary>Begins an upload and gives its id.</summary>
    /// <exception cref="NodeException">RateLimited: there are too many.</exception>
    public string Begin()
    {
        if (_sessions.Count >= MaxSessions)
            throw new NodeException(NodeErrorKind.RateLimited, "Too many uploads are under way. Try again when some have ended.");
        var id = Guid.NewGuid().ToString("N");
        _sessions[id] = new Session(_blobs.BeginWrite(), _clock.GetUtcNow());
        return id;
    }

    /// <summary>Bytes that an upload has so far.</summary>
    /// <exception cref="NodeException">NotFound.</exception>
    public long OffsetOf(string id) => Find(id).Writer.Length;

    /// <summary>Adds to an upload. What came before a connection was lost stays.</summary>
    /// <param name="id">Which upload.</param>
    /// <param name="offset">Where the sender thinks it goes on; null for at the end.</param>
    /// <param name="content">Read to its end.</param>
    /// <param name="cancellationToken">Stops in the middle.</param>
    /// <returns>Bytes that the upload has now.</returns>
    /// <exception cref="NodeException">
    /// NotFound; WrongPhase: the upload goes on elsewhere, or another request adds to it; InsufficientResources: the disk
    /// is full, and the upload is gone.
    /// </exception>
    public async Task<long> AppendAsync(string id, long? offset, Stream content, CancellationToken cancellationToken)
    {
        var session = Find(id);
        using var turn = session.Take();
        if (offset is { } expected && expected != session.Writer.Length)
            throw new NodeException(NodeErrorKind.WrongPhase, $"The upload goes on at byte {session.Writer.Length}, not at {expected}.");
        var buffer = new byte[ChunkSize];
        while (await content.ReadAsync(buffer, cancellationToken) is > 0 and var count)
        {
            await WriteAsync(id, session, buffer.AsMemory(0, count), cancellationToken);
            session.LastUse = _clock.GetUtcNow();
        }
        return session.Writer.Length;
    }

    /// <summary>Ends an upload: it is a blob now, or, when the digest is wrong, gone.</summary>
    /// <exception cref="NodeException">NotFound; Invalid: the digest is wrong; WrongPhase: a request still adds to it.</exception>
    public async Task FinishAsync(string id, Digest digest)
    {
        var session = Find(id);
        using var turn = session.Take();
        _sessions.TryRemove(id, out _);
        await using var writer = session.Writer;
        _blobs.Promise(digest, _timeout);
        writer.Commit(digest);
    }

    /// <summary>Drops an upload.</summary>
    /// <exception cref="NodeException">NotFound; WrongPhase: a request still adds to it.</exception>
    public async Task CancelAsync(string id)
    {
        var session = Find(id);
        using var turn = session.Take();
        _sessions.TryRemove(id, out _);
        await session.Writer.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _expiry.DisposeAsync();
        foreach (var (id, session) in _sessions)
            if (_sessions.TryRemove(id, out _))
                await session.Writer.DisposeAsync();
    }

    /// <summary>An upload for which there is no room is dropped at once: kept, it would keep the disk full.</summary>
    private async ValueTask WriteAsync(string id, Session session, ReadOnlyMemory<byte> content, CancellationToken cancellationToken)
    {
        try
        {
            await session.Writer.WriteAsync(content, cancellationToken);
        }
        catch (NodeException failure) when (failure.Kind == NodeErrorKind.InsufficientResources)
        {
            _sessions.TryRemove(id, out _);
            await session.Writer.DisposeAsync();
            throw;
        }
    }

    private Session Find(string id) => _sessions.TryGetValue(id, out var session)
        ? session
        : throw new NodeException(NodeErrorKind.NotFound, "There is no such upload (any more).");

    private void Expire()
    {
        var oldest = _clock.GetUtcNow() - _timeout;
        foreach (var (id, session) in _sessions)
            if (session.LastUse < oldest && session.TryTake() is { } turn)
                using (turn)
                    if (_sessions.TryRemove(id, out _))
                        _ = session.Writer.DisposeAsync().AsTask();
    }

    private sealed class Session(BlobWriter writer, DateTimeOffset begun)
    {
        private int _isTaken;

        public BlobWriter Writer { get; } = writer;
        public DateTimeOffset LastUse { get; set; } = begun;

        public IDisposable Take() => TryTake()
            ?? throw new NodeException(NodeErrorKind.WrongPhase, "Another request adds to this upload now.");

        public IDisposable? TryTake() => Interlocked.CompareExchange(ref _isTaken, 1, 0) == 0 ? new Turn(this) : null;

        private sealed class Turn(Session session) : IDisposable
        {
            public void Dispose() => Volatile.Write(ref session._isTaken, 0);
        }
    }
}

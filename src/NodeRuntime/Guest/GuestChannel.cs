using System.Collections.Concurrent;
using System.Threading.Channels;
using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Framing;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.NodeRuntime.Guest;

/// <summary>
/// A connection to the agent of one guest, with any number of sessions on it. One task reads and one writes; what
/// fails first closes all. A slow reader of one session holds up nobody else: each session has a window of its own.
/// </summary>
public sealed class GuestChannel : IAsyncDisposable
{
    private readonly Stream _stream;
    private readonly FrameDecoder _decoder;
    private readonly CancellationTokenSource _stop = new();
    private readonly ConcurrentDictionary<uint, GuestSession> _sessions = new();

    /// <summary>Unbounded, and yet never more than the windows of all sessions: a sender takes credit first.</summary>
    private readonly Channel<byte[]> _outgoing = Channel.CreateUnbounded<byte[]>(
        new UnboundedChannelOptions { SingleReader = true });

    private uint _lastId;
    private volatile NodeException? _reason;

    /// <summary>Takes over a stream on which the hello has been answered.</summary>
    internal GuestChannel(Stream stream, FrameDecoder decoder)
    {
        _stream = stream;
        _decoder = decoder;
        Closed = Task.Run(RunAsync);
    }

    /// <summary>Its guest has taken in what it was told with the hello.</summary>
    internal bool KnowsMoment { get; init; }

    /// <summary>Completes, and never fails, once the connection is over from whatever side.</summary>
    public Task Closed { get; }

    /// <summary>
    /// Connects to the hypervisor's socket and returns once the agent has answered: it is ready. Tries again for as
    /// long as the guest boots or the socket is not there; only cancellation ends that.
    /// </summary>
    public static Task<GuestChannel> ConnectAsync(string unixSocketPath, CancellationToken cancellationToken) =>
        GuestConnector.ConnectAsync(unixSocketPath, TimeProvider.System, moment: null, cancellationToken);

    /// <summary>Opens a session; requests can be sent at once, without waiting for the guest.</summary>
    /// <exception cref="NodeException">Unavailable, InsufficientResources or Invalid.</exception>
    public Task<IGuestSession> OpenAsync(GuestRequest request, CancellationToken cancellationToken)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var payload = MessageJson.Encode(request);
        if (payload.Length > ProtocolLimits.MaxPayload)
            throw new NodeException(NodeErrorKind.Invalid,
                $"The request takes {payload.Length} bytes; the guest agent takes {ProtocolLimits.MaxPayload}.");
        if (_sessions.Count >= ProtocolLimits.MaxStreams)
            throw new NodeException(NodeErrorKind.InsufficientResources,
                $"The instance has {ProtocolLimits.MaxStreams} guest sessions open; end one of them first.");

        var id = Interlocked.Increment(ref _lastId);
        var session = new GuestSession(id, Send, () => _sessions.TryRemove(id, out _));
        _sessions[id] = session;
        if (!_outgoing.Writer.TryWrite(FrameCodec.Encode(FrameType.Open, id, payload)))
        {
            session.Lose();
            _sessions.TryRemove(id, out _);
            throw GuestSession.Lost();
        }
        return Task.FromResult<IGuestSession>(session);
    }

    /// <summary>Sends a request that is answered by one message.</summary>
    /// <exception cref="NodeException">Internal when the guest refuses; Unavailable when the connection is lost.</exception>
    public async Task<TReply> CallAsync<TReply>(GuestRequest request, CancellationToken cancellationToken)
        where TReply : GuestReply
    {
        await using var session = await OpenAsync(request, cancellationToken);
        await foreach (var reply in session.ReadAllAsync(cancellationToken))
        {
            switch (reply)
            {
                case TReply answer:
                    return answer;
                case FailedReply failed:
                    throw new NodeException(NodeErrorKind.Internal, failed.Message);
            }
        }
        throw new NodeException(NodeErrorKind.Internal, $"The guest agent did not answer a {typeof(TReply).Name}.");
    }

    /// <summary>Ends the connection; open sessions are told this.</summary>
    public async Task CloseAsync(NodeException reason)
    {
        _reason = reason;
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        // The source is not disposed: it holds nothing but memory, and closing may come from both sides at once.
        await _stop.CancelAsync();
        await Closed;
    }

    private void Send(byte[] frame) => _outgoing.Writer.TryWrite(frame);

    private async Task RunAsync()
    {
        var reading = ReadAsync();
        var writing = WriteAsync();
        await Task.WhenAny(reading, writing);
        _outgoing.Writer.TryComplete();
        await _stop.CancelAsync();
        await _stream.DisposeAsync();
        await Task.WhenAll(reading, writing).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        foreach (var session in _sessions.Values)
            session.Lose(_reason);
        _sessions.Clear();
    }

    private async Task WriteAsync()
    {
        await foreach (var frame in _outgoing.Reader.ReadAllAsync(_stop.Token))
            await _stream.WriteAsync(frame, _stop.Token);
    }

    private async Task ReadAsync()
    {
        while (true)
        {
            while (_decoder.TryRead(out var frame))
                Dispatch(frame);
            var count = await _stream.ReadAsync(_decoder.Free(), _stop.Token);
            if (count == 0)
                return;
            _decoder.Advance(count);
        }
    }

    /// <summary>Frames of sessions that are over are late, not wrong.</summary>
    private void Dispatch(Frame frame)
    {
        if (!_sessions.TryGetValue(frame.Stream, out var session))
            return;
        if (!session.Receive(frame))
            throw new InvalidDataException($"The guest broke the protocol with a frame of type {frame.Type}.");
    }
}

using System.Net.WebSockets;
using System.Text.Json;
using System.Text.Json.Serialization.Metadata;
using System.Threading.Channels;

namespace Hypeman.Gateway.Streams;

/// <summary>One message, or a part of a binary one, from a client.</summary>
internal readonly record struct ClientFrame(bool IsText, ReadOnlyMemory<byte> Bytes);

/// <summary>
/// A WebSocket whose one reader runs for its whole life, because cancelling a read would break the connection: what
/// comes is taken from <see cref="Frames"/>, which end when the client goes. Sending is for one task at a time.
/// </summary>
internal sealed class GuestSocket : IAsyncDisposable
{
    private const int BufferBytes = 32 * 1024;
    private const int MaxTextBytes = 1024 * 1024;
    private const int FramesAhead = 8;

    private static readonly TimeSpan ClosePatience = TimeSpan.FromSeconds(5);

    private readonly WebSocket _socket;
    private readonly TimeProvider _clock;
    private readonly Channel<ClientFrame> _frames = Channel.CreateBounded<ClientFrame>(FramesAhead);
    private readonly Task _reading;

    public GuestSocket(WebSocket socket, TimeProvider clock)
    {
        _socket = socket;
        _clock = clock;
        _reading = ReadAsync();
    }

    public ChannelReader<ClientFrame> Frames => _frames.Reader;

    /// <summary>
    /// Set once the client has been told how its request ended. Until then a close must not look like a good end:
    /// command lines take a normal close for exit code 0.
    /// </summary>
    public bool IsAnswered { get; set; }

    public Task SendTextAsync<T>(T message, JsonTypeInfo<T> type, CancellationToken cancellationToken) =>
        SendAsync(JsonSerializer.SerializeToUtf8Bytes(message, type), WebSocketMessageType.Text, cancellationToken);

    public Task SendBytesAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken) =>
        SendAsync(bytes, WebSocketMessageType.Binary, cancellationToken);

    /// <summary>Gives the client some time to hang up by itself.</summary>
    public Task ClientClosedAsync() => Task.WhenAny(_reading, Task.Delay(ClosePatience, _clock));

    /// <summary>Says good-bye, and waits a little for the answer.</summary>
    public async ValueTask DisposeAsync()
    {
        _frames.Writer.TryComplete();
        try
        {
            if (_socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await _socket.CloseOutputAsync(
                    IsAnswered ? WebSocketCloseStatus.NormalClosure : WebSocketCloseStatus.EndpointUnavailable,
                    null, CancellationToken.None)
                    .WaitAsync(ClosePatience, _clock);
            await ClientClosedAsync();
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // The client left first.
        }

        _socket.Abort();
        await _reading;
        _socket.Dispose();
    }

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        try
        {
            await _socket.SendAsync(bytes, type, endOfMessage: true, cancellationToken);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            throw new OperationCanceledException("The client has gone.", exception, cancellationToken);
        }
    }

    private async Task ReadAsync()
    {
        try
        {
            while (await ReadFrameAsync() is { } frame)
                await PassOnAsync(frame);
        }
        catch (Exception exception) when (IsGone(exception))
        {
            // As good as a close frame.
        }
        finally
        {
            _frames.Writer.TryComplete();
        }
    }

    private async Task<ClientFrame?> ReadFrameAsync()
    {
        var buffer = new byte[BufferBytes];
        var filled = 0;
        while (true)
        {
            var read = await _socket.ReceiveAsync(buffer.AsMemory(filled), CancellationToken.None);
            if (read.MessageType == WebSocketMessageType.Close)
                return null;
            filled += read.Count;

            // Bytes are a stream and go on in pieces; text is a message and must be whole.
            var isText = read.MessageType == WebSocketMessageType.Text;
            if (read.EndOfMessage || (!isText && filled == buffer.Length))
                return new ClientFrame(isText, buffer.AsMemory(0, filled));
            if (filled == MaxTextBytes)
                throw new WebSocketException("The client sent more text than fits a message.");
            if (filled == buffer.Length)
                Array.Resize(ref buffer, Math.Min(buffer.Length * 2, MaxTextBytes));
        }
    }

    /// <summary>After the end of the session what still comes is dropped, up to the close frame.</summary>
    private async ValueTask PassOnAsync(ClientFrame frame)
    {
        if (!_frames.Writer.TryWrite(frame) && await _frames.Writer.WaitToWriteAsync())
            _frames.Writer.TryWrite(frame);
    }

    private static bool IsGone(Exception exception) => exception
        is WebSocketException or IOException or ObjectDisposedException or InvalidOperationException or TimeoutException
        or OperationCanceledException;
}

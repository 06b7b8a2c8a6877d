using System.Buffers;
using System.Net.WebSockets;
using System.Runtime.CompilerServices;

namespace Hypeman.Client.Http;

/// <summary>One whole message of a WebSocket.</summary>
internal readonly record struct SocketMessage(bool IsText, ReadOnlyMemory<byte> Bytes);

internal static class SocketFrames
{
    /// <summary>What we send at a time, as the contract's clients do.</summary>
    public const int ChunkBytes = 32 * 1024;

    private const int MaxMessageBytes = 16 * 1024 * 1024;

    /// <summary>Messages until the peer closes; each is valid until the next is asked for.</summary>
    /// <exception cref="IOException">The connection broke, or a message is above 16 MiB.</exception>
    public static async IAsyncEnumerable<SocketMessage> ReadAllAsync(
        this WebSocket socket, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var buffer = new ArrayBufferWriter<byte>(ChunkBytes);
        while (true)
        {
            buffer.ResetWrittenCount();
            ValueWebSocketReceiveResult part;
            do
            {
                part = await ReceiveAsync(socket, buffer.GetMemory(ChunkBytes), cancellationToken);
                if (part.MessageType == WebSocketMessageType.Close)
                    yield break;
                buffer.Advance(part.Count);
                if (buffer.WrittenCount > MaxMessageBytes)
                    throw new IOException("The server sent a message above 16 MiB.");
            }
            while (!part.EndOfMessage);
            yield return new SocketMessage(part.MessageType == WebSocketMessageType.Text, buffer.WrittenMemory);
        }
    }

    public static Task SendTextAsync(this WebSocket socket, byte[] utf8, CancellationToken cancellationToken) =>
        socket.SendAsync(utf8, WebSocketMessageType.Text, true, cancellationToken);

    /// <summary>Says good-bye if the peer is still there to hear it.</summary>
    public static async Task CloseQuietlyAsync(this WebSocket socket, CancellationToken cancellationToken)
    {
        try
        {
            if (socket.State is WebSocketState.Open or WebSocketState.CloseReceived)
                await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, cancellationToken);
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException or ObjectDisposedException)
        {
            // The session is over either way.
        }
    }

    private static async ValueTask<ValueWebSocketReceiveResult> ReceiveAsync(
        WebSocket socket, Memory<byte> into, CancellationToken cancellationToken)
    {
        try
        {
            return await socket.ReceiveAsync(into, cancellationToken);
        }
        catch (WebSocketException e)
        {
            throw new IOException("The connection to the server broke.", e);
        }
    }
}

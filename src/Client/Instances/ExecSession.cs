using System.Net.WebSockets;
using System.Runtime.CompilerServices;
using System.Text.Json;
using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>A command to run in an instance. Zero timeout means none.</summary>
public sealed record ExecRequest
{
    public required IReadOnlyList<string> Command { get; init; }
    public bool Tty { get; init; }
    public IReadOnlyDictionary<string, string>? Env { get; init; }
    public string? Cwd { get; init; }
    public int Timeout { get; init; }

    /// <summary>Seconds to wait for the guest's agent while the instance boots.</summary>
    public int WaitForAgent { get; init; }

    /// <summary>
    /// An empty binary message will mean the end of the input. Our own word: the protocol has none, and a server that
    /// does not know it takes the empty message for no input.
    /// </summary>
    public bool StdinEof { get; init; }

    public int? Rows { get; init; }
    public int? Cols { get; init; }
}

/// <summary>
/// A running command. Output is stdout and stderr as one stream, as the protocol has it; disposing the session before
/// its end kills the command. Input and resizes may be sent while output is read.
/// </summary>
public sealed class ExecSession : IAsyncDisposable
{
    private readonly ClientWebSocket _socket;
    private readonly SemaphoreSlim _sending = new(1);

    private ExecSession(ClientWebSocket socket) => _socket = socket;

    /// <summary>Known once the output has ended; null when the server closed without saying.</summary>
    public int? ExitCode { get; private set; }

    internal static async Task<ExecSession> OpenAsync(
        ClientWebSocket socket, ExecRequest request, CancellationToken cancellationToken)
    {
        var session = new ExecSession(socket);
        await session.SendAsync(
            JsonSerializer.SerializeToUtf8Bytes(request, ApiJson.Default.ExecRequest), WebSocketMessageType.Text, cancellationToken);
        return session;
    }

    /// <summary>Output in order until the command ends; each piece is valid until the next is asked for.</summary>
    /// <exception cref="IOException">The connection broke, or the server could not run the command.</exception>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> ReadOutputAsync([EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (var message in _socket.ReadAllAsync(cancellationToken))
        {
            if (!message.IsText)
            {
                yield return message.Bytes;
                continue;
            }
            using var json = JsonDocument.Parse(message.Bytes);
            if (json.RootElement.TryGetProperty("error", out var error))
                throw new IOException(error.GetString());
            if (json.RootElement.TryGetProperty("exitCode", out var code))
                ExitCode = code.GetInt32();
        }
    }

    public Task WriteAsync(ReadOnlyMemory<byte> input, CancellationToken cancellationToken) =>
        SendAsync(input, WebSocketMessageType.Binary, cancellationToken);

    /// <summary>No more input; needs <see cref="ExecRequest.StdinEof"/>.</summary>
    public Task EndInputAsync(CancellationToken cancellationToken) => WriteAsync(ReadOnlyMemory<byte>.Empty, cancellationToken);

    public Task ResizeAsync(int rows, int columns, CancellationToken cancellationToken) =>
        SendAsync(ResizeMessage(rows, columns), WebSocketMessageType.Text, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await _socket.CloseQuietlyAsync(CancellationToken.None);
        _socket.Dispose();
        _sending.Dispose();
    }

    internal static byte[] ResizeMessage(int rows, int columns) =>
        System.Text.Encoding.UTF8.GetBytes($$$"""{"resize":{"rows":{{{rows}}},"cols":{{{columns}}}}}""");

    private async Task SendAsync(ReadOnlyMemory<byte> bytes, WebSocketMessageType type, CancellationToken cancellationToken)
    {
        await _sending.WaitAsync(cancellationToken);
        try
        {
            await _socket.SendAsync(bytes, type, true, cancellationToken);
        }
        catch (WebSocketException e)
        {
            throw new IOException("The connection to the server broke.", e);
        }
        finally
        {
            _sending.Release();
        }
    }
}

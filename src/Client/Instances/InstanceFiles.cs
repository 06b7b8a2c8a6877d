using System.Net.WebSockets;
using System.Text.Json;
using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>Files of one running instance.</summary>
public sealed class InstanceFiles
{
    private readonly ApiConnection _api;
    private readonly string _instance;

    internal InstanceFiles(ApiConnection api, string instance)
    {
        _api = api;
        _instance = instance;
    }

    /// <summary>Makes a directory, its parents too.</summary>
    public Task MakeDirectoryAsync(string guestPath, uint mode, CancellationToken cancellationToken) => SendAsync(
        new CopyRequest { Direction = "to", GuestPath = guestPath, IsDir = true, Mode = mode }, Stream.Null, null, cancellationToken);

    /// <summary>
    /// Writes one file. When the path is a directory in the guest and a base name is given, the file lands inside it.
    /// </summary>
    public Task WriteAsync(
        string guestPath, string? baseName, uint mode, Stream content, Action<long>? progress, CancellationToken cancellationToken) =>
        SendAsync(
            new CopyRequest { Direction = "to", GuestPath = guestPath, Mode = mode, SrcBasename = baseName },
            content, progress, cancellationToken);

    /// <summary>
    /// Reads a file or a whole tree: <paramref name="open"/> is called for each entry, parents first, and gives the
    /// stream that a file's bytes go to; the stream is disposed when the file is whole.
    /// </summary>
    /// <exception cref="IOException">The guest reported an error, or the copy ended before its last entry.</exception>
    public async Task ReadAsync(
        string guestPath, bool followLinks, Func<GuestEntry, Stream> open, CancellationToken cancellationToken)
    {
        using var socket = await OpenAsync(
            new CopyRequest { Direction = "from", GuestPath = guestPath, FollowLinks = followLinks }, cancellationToken);
        Stream? file = null;
        try
        {
            await foreach (var frame in socket.ReadAllAsync(cancellationToken))
            {
                if (!frame.IsText)
                {
                    await (file ?? throw new IOException("The server sent data before a file.")).WriteAsync(frame.Bytes, cancellationToken);
                    continue;
                }
                var message = Parse(frame.Bytes);
                if (message.Type == "error")
                    throw new IOException(message.Path is null ? message.Message : $"{message.Path}: {message.Message}");
                if (file is not null)
                    await file.DisposeAsync();
                file = null;
                if (message.Type == "header")
                    file = open(EntryOf(message));
                else if (message is { Type: "end", Final: true })
                    return;
            }
            throw new IOException("The copy ended before it was complete.");
        }
        finally
        {
            if (file is not null)
                await file.DisposeAsync();
            await socket.CloseQuietlyAsync(CancellationToken.None);
        }
    }

    private async Task SendAsync(CopyRequest request, Stream content, Action<long>? progress, CancellationToken cancellationToken)
    {
        using var socket = await OpenAsync(request, cancellationToken);
        var buffer = new byte[SocketFrames.ChunkBytes];
        try
        {
            long sent = 0;
            for (int count; (count = await content.ReadAsync(buffer, cancellationToken)) > 0;)
            {
                await socket.SendAsync(buffer.AsMemory(0, count), WebSocketMessageType.Binary, true, cancellationToken);
                progress?.Invoke(sent += count);
            }
            await socket.SendTextAsync("""{"type":"end"}"""u8.ToArray(), cancellationToken);
        }
        catch (WebSocketException)
        {
            // The guest refused midway: its reason is waiting to be read below.
        }
        await foreach (var frame in socket.ReadAllAsync(cancellationToken))
        {
            var message = frame.IsText ? Parse(frame.Bytes) : new CopyMessage();
            if (message.Type == "error" || message is { Type: "result", Success: false })
                throw new IOException($"{request.GuestPath}: {message.Error ?? message.Message ?? "the guest could not write it"}");
            if (message.Type == "result")
            {
                await socket.CloseQuietlyAsync(cancellationToken);
                return;
            }
        }
        throw new IOException($"{request.GuestPath}: the server closed the copy without a result");
    }

    private async Task<ClientWebSocket> OpenAsync(CopyRequest request, CancellationToken cancellationToken)
    {
        var socket = await _api.OpenSocketAsync(InstancesClient.Path(_instance, "cp"), cancellationToken);
        await socket.SendTextAsync(JsonSerializer.SerializeToUtf8Bytes(request, ApiJson.Default.CopyRequest), cancellationToken);
        return socket;
    }

    private static CopyMessage Parse(ReadOnlyMemory<byte> utf8) =>
        JsonSerializer.Deserialize(utf8.Span, ApiJson.Default.CopyMessage) ?? new CopyMessage();

    private static GuestEntry EntryOf(CopyMessage header) => new(
        header.Path ?? "", header.IsDir, header.IsSymlink ? header.LinkTarget ?? "" : null, header.Mode, header.Size,
        header.Mtime > 0 ? DateTimeOffset.FromUnixTimeSeconds(header.Mtime) : null);
}

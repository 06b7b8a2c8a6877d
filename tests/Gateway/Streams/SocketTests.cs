using System.Net.WebSockets;
using System.Text;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Streams;

/// <summary>What tests of the WebSocket calls have in common.</summary>
public abstract class SocketTests(ApiHost api) : ApiTests(api)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Makes an instance and waits until it runs.</summary>
    protected async Task<string> RunningAsync(string more = "")
    {
        var id = await CreateAsync(more: more);
        await GetAsync($"/instances/{id}/wait?state=Running&timeout=30s");
        return id;
    }

    protected async Task<ClientWebSocket> OpenAsync(string path, string request)
    {
        var socket = await Api.ConnectAsync(path);
        await SendTextAsync(socket, request);
        return socket;
    }

    protected static Task SendTextAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, CancellationToken.None);

    protected static Task SendBytesAsync(WebSocket socket, string bytes) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(bytes), WebSocketMessageType.Binary, true, CancellationToken.None);

    /// <summary>The next message: binary ones begin with <c>=</c>, a close is null.</summary>
    protected static async Task<string?> ReceiveAsync(WebSocket socket)
    {
        using var deadline = new CancellationTokenSource(Patience);
        var (buffer, filled) = (new byte[64 * 1024], 0);
        while (true)
        {
            var read = await socket.ReceiveAsync(buffer.AsMemory(filled), deadline.Token);
            if (read.MessageType == WebSocketMessageType.Close)
                return null;
            filled += read.Count;
            if (read.EndOfMessage)
                return (read.MessageType == WebSocketMessageType.Binary ? "=" : "") + Encoding.UTF8.GetString(buffer, 0, filled);
        }
    }

    protected static async Task<List<string>> ReceiveAllAsync(WebSocket socket)
    {
        var messages = new List<string>();
        while (await ReceiveAsync(socket) is { } message)
            messages.Add(message);
        return messages;
    }

    /// <summary>An attempt to open a WebSocket that is answered like any other call.</summary>
    protected async Task<JsonElement> RefusedAsync(string path, int status, Action<HttpRequestMessage>? change = null)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, path);
        request.Headers.Connection.Add("Upgrade");
        request.Headers.Upgrade.ParseAdd("websocket");
        request.Headers.Add("Sec-WebSocket-Version", "13");
        request.Headers.Add("Sec-WebSocket-Key", Convert.ToBase64String(new byte[16]));
        change?.Invoke(request);
        using var response = await Api.Client.SendAsync(request);
        return await ReadAsync(response, (System.Net.HttpStatusCode)status);
    }
}

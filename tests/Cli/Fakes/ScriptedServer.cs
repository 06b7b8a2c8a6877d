using System.Collections.Concurrent;
using System.Net.WebSockets;
using System.Text;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Cli.Fakes;

/// <summary>One request as it came: body read, query as sent.</summary>
internal sealed record Seen(string Method, string Path, string Query, string Body, string? Authorization)
{
    public override string ToString() => $"{Method} {Path}{Query}";
}

/// <summary>A server that answers by a script, on a real port: <c>METHOD /path</c> to what happens.</summary>
internal sealed class ScriptedServer : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, Func<HttpContext, string, Task>> _script = new();

    private ScriptedServer(WebApplication app)
    {
        _app = app;
        app.UseWebSockets();
        app.Run(AnswerAsync);
    }

    public string Url => _app.Urls.First();
    public string Authority => new Uri(Url).Authority;
    public ConcurrentQueue<Seen> Requests { get; } = new();

    public static async Task<ScriptedServer> StartAsync()
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().UseUrls("http://127.0.0.1:0");
        var server = new ScriptedServer(builder.Build());
        await server._app.StartAsync();
        return server;
    }

    public ScriptedServer On(string request, Func<HttpContext, string, Task> answer)
    {
        _script[request] = answer;
        return this;
    }

    /// <summary>Answers with JSON; each further call of the same request gets the next one, the last one stays.</summary>
    public ScriptedServer On(string request, params (int Status, string Json)[] answers)
    {
        var calls = 0;
        return On(request, (context, _) => JsonAsync(context, answers[Math.Min(calls++, answers.Length - 1)]));
    }

    public ScriptedServer OnSocket(string path, Func<WebSocket, Task> talk) => On("GET " + path, async (context, _) =>
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync();
        await talk(socket);
    });

    public async ValueTask DisposeAsync()
    {
        using var atOnce = new CancellationTokenSource(TimeSpan.Zero);
        await _app.StopAsync(atOnce.Token);
        await _app.DisposeAsync();
    }

    public static async Task<(WebSocketMessageType Type, byte[] Bytes)> ReceiveAsync(WebSocket socket)
    {
        var buffer = new byte[64 * 1024];
        var got = await socket.ReceiveAsync(buffer, default);
        return (got.MessageType, buffer[..got.Count]);
    }

    public static async Task<string> ReceiveTextAsync(WebSocket socket) => Encoding.UTF8.GetString((await ReceiveAsync(socket)).Bytes);

    public static Task SendTextAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Text, true, default);

    public static Task SendBytesAsync(WebSocket socket, string text) =>
        socket.SendAsync(Encoding.UTF8.GetBytes(text), WebSocketMessageType.Binary, true, default);

    public static Task CloseAsync(WebSocket socket) => socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, default);

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        var body = await new StreamReader(request.Body).ReadToEndAsync();
        Requests.Enqueue(new Seen(
            request.Method, request.Path, request.QueryString.Value ?? "", body, request.Headers.Authorization.FirstOrDefault()));
        if (_script.TryGetValue($"{request.Method} {request.Path}", out var answer))
            await answer(context, body);
        else
            await JsonAsync(context, (404, """{"code":"not_found","message":"resource not found"}"""));
    }

    private static async Task JsonAsync(HttpContext context, (int Status, string Json) answer)
    {
        context.Response.StatusCode = answer.Status;
        if (answer.Status == 204)
            return;
        context.Response.ContentType = "application/json";
        await context.Response.WriteAsync(answer.Json);
    }
}

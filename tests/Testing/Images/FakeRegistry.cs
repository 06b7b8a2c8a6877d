using System.Collections.Concurrent;
using System.Net;
using System.Net.Sockets;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;

namespace Hypeman.Tests.Testing.Images;

/// <summary>What was asked of a <see cref="FakeRegistry"/>.</summary>
public sealed record RegistryRequest(string Path, string Query, string Authorization, string Range, string Host);

/// <summary>
/// A registry that a test writes the script for. By itself it serves images rightly; <see cref="Script"/> may answer a
/// request in its place: refuse, redirect, lie, break off, or ask for a login.
/// </summary>
public sealed class FakeRegistry : IAsyncDisposable
{
    private readonly WebApplication _app;
    private readonly ConcurrentDictionary<string, (string MediaType, byte[] Content)> _manifests = [];
    private readonly ConcurrentDictionary<string, byte[]> _blobs = [];

    private FakeRegistry(WebApplication app) => _app = app;

    /// <summary><c>127.0.0.1:port</c>.</summary>
    public string Host { get; private set; } = "";

    public ConcurrentQueue<RegistryRequest> Requests { get; } = [];

    /// <summary>Answers a request and returns true, or returns false to have it served rightly.</summary>
    public Func<HttpContext, Task<bool>> Script { get; set; } = _ => Task.FromResult(false);

    /// <param name="newSocket">Makes the socket it listens on, for one in another network namespace.</param>
    public static async Task<FakeRegistry> StartAsync(Func<Socket>? newSocket = null)
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        if (newSocket is not null)
            builder.WebHost.UseSockets(sockets => sockets.CreateBoundListenSocket = endPoint =>
            {
                var socket = newSocket();
                socket.Bind(endPoint);
                return socket;
            });
        builder.WebHost.ConfigureKestrel(kestrel => kestrel.Listen(IPAddress.Loopback, 0));
        var registry = new FakeRegistry(builder.Build());
        registry._app.Run(registry.AnswerAsync);
        await registry._app.StartAsync();
        var addresses = registry._app.Services.GetRequiredService<IServer>().Features.Get<IServerAddressesFeature>()!.Addresses;
        registry.Host = new Uri(addresses.Single()).Authority;
        return registry;
    }

    public FakeRegistry Add(OciImage image, string repository, string tag = "latest")
    {
        foreach (var (digest, content) in image.Blobs)
        {
            _blobs[digest] = content;
            _manifests[$"{repository}/manifests/{digest}"] = (image.MediaType, content);
        }
        _manifests[$"{repository}/manifests/{tag}"] = (image.MediaType, image.Manifest);
        return this;
    }

    /// <summary>Any bytes under any digest, to lie with.</summary>
    public void SetBlob(string digest, byte[] content) => _blobs[digest] = content;

    public ValueTask DisposeAsync() => _app.DisposeAsync();

    private async Task AnswerAsync(HttpContext context)
    {
        var request = context.Request;
        Requests.Enqueue(new RegistryRequest(
            request.Path, request.QueryString.Value ?? "", request.Headers.Authorization.ToString(),
            request.Headers.Range.ToString(), request.Host.Value ?? ""));
        if (await Script(context))
            return;
        var path = request.Path.Value!["/v2/".Length..];
        if (_manifests.TryGetValue(path, out var manifest))
            await SendAsync(context, manifest.Content, manifest.MediaType);
        else if (path.Contains("/blobs/", StringComparison.Ordinal) && _blobs.TryGetValue(path[(path.LastIndexOf('/') + 1)..], out var blob))
            await SendAsync(context, blob, "application/octet-stream");
        else
            context.Response.StatusCode = StatusCodes.Status404NotFound;
    }

    private static Task SendAsync(HttpContext context, byte[] content, string mediaType) =>
        Results.Bytes(content, mediaType, enableRangeProcessing: true).ExecuteAsync(context);
}

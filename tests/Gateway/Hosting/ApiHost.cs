using System.Net.Http.Headers;
using System.Net.WebSockets;
using Hypeman.Contracts.Index;
using Hypeman.Gateway;
using Hypeman.Gateway.Auth;
using Hypeman.Grains;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Tests.Testing.Index;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;
using Orleans.Hosting;
using Orleans.Storage;
using Orleans.TestingHost;

namespace Hypeman.Tests.Gateway.Hosting;

/// <summary>
/// The API as clients meet it: a real server on a port of its own, above real grains, above a simulated node.
/// </summary>
public sealed class ApiHost : IAsyncLifetime
{
    public const string Image = "docker.io/library/web:latest";
    public const string Secret = "a secret of the tests";

    private InProcessTestCluster _cluster = null!;
    private WebApplication _app = null!;
    private ConformanceHandler _conformance = null!;

    public SimulatedNode Node { get; } = new("node-0");

    public FaultyIndex Index { get; } = new(new InMemoryResourceIndex());

    public Uri Address { get; private set; } = null!;

    public IServiceProvider Services => _app.Services;

    public IClusterClient Grains => _cluster.Client;

    /// <summary>A client with full access, whose every answer is checked against openapi.yaml.</summary>
    public HttpClient Client { get; private set; } = null!;

    public async ValueTask InitializeAsync()
    {
        Node.Images.Publish(Image);
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((_, silo) => ConfigureSilo(silo));
        _cluster = builder.Build();
        await _cluster.DeployAsync();
        _app = await StartApiAsync();
        Address = new Uri(_app.Urls.First());
        _conformance = new ConformanceHandler(new SocketsHttpHandler());
        Client = ClientWith(Token());
    }

    /// <summary>A client that sends this token, or none.</summary>
    public HttpClient ClientWith(string? token)
    {
        var client = new HttpClient(_conformance, disposeHandler: false) { BaseAddress = Address };
        if (token is not null)
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", token);
        return client;
    }

    public static string Token(params string[] scopes) => new TokenIssuer(Secret, TimeProvider.System)
        .Issue("tester", scopes.Length == 0 ? null : scopes, TimeSpan.FromMinutes(10));

    public async Task<ClientWebSocket> ConnectAsync(string path)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Authorization", $"Bearer {Token()}");
        await socket.ConnectAsync(new UriBuilder(Address) { Scheme = "ws", Path = path }.Uri, CancellationToken.None);
        return socket;
    }

    public Task StopApiAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        Client.Dispose();
        _conformance.Dispose();
        await _app.StopAsync();
        await _app.DisposeAsync();
        await _cluster.DisposeAsync();
        Node.Dispose();
    }

    private async Task<WebApplication> StartApiAsync()
    {
        var builder = WebApplication.CreateSlimBuilder();
        builder.Logging.ClearProviders();
        builder.WebHost.UseUrls("http://127.0.0.1:0");
        builder.Services.AddSingleton<IGrainFactory>(_cluster.Client);
        builder.Services.AddSingleton<IResourceIndex>(Index);
        builder.Services.AddGateway(options => options.JwtSecret = Secret);
        var app = builder.Build();
        app.MapGateway();
        app.MapGet("/tests/bug", string () => throw new InvalidOperationException("the secret of the bug"));
        await app.StartAsync();
        return app;
    }

    private void ConfigureSilo(ISiloBuilder silo)
    {
        silo.AddHypemanGrains();
        silo.UseInMemoryReminderService();
        silo.Services.AddSingleton<IGrainStorage>(new TestStorage(Index));
        silo.Services.AddSingleton<IResourceIndex>(Index);
        silo.Services.AddSingleton<INode>(Node);
        silo.Services.PostConfigure<SiloOptions>(options => options.SiloName = Node.Facts.NodeId);
    }
}

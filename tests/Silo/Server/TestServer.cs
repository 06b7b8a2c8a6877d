using System.Net.Http.Headers;
using Hypeman.Gateway.Auth;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Configuration;
using Hypeman.Silo.Server;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Tests.Silo.Server;

/// <summary>A whole server in this process, above a simulated node that outlives it; on SQLite when nothing else is said.</summary>
internal sealed class TestServer : IAsyncDisposable
{
    private SimulatedNode? _node;
    private FleetServer? _server;

    public string Data { get; } = Path.Combine(Path.GetTempPath(), $"hypeman-silo-{Guid.NewGuid():n}");

    public SimulatedNode Node => _node!;

    public FleetServer Server => _server!;

    /// <summary>Makes another node than the simulated one, anew at each start.</summary>
    public Func<NodeSetup, IServiceProvider, INode>? NewNode { get; set; }

    public HypemanOptions Options { get; }

    /// <param name="flags">As on the command line, above what all tests need.</param>
    public TestServer(IReadOnlyDictionary<string, string>? flags = null)
    {
        var all = new Dictionary<string, string>
        {
            ["--data"] = Data,
            ["--api-port"] = "0",
            ["--ingress-port"] = "0",
            ["--ingress-tls-port"] = "0",
            ["--metrics-port"] = "0",
            ["--ingress-address"] = "127.0.0.1",
            ["--log-level"] = "warning",
        };
        foreach (var (flag, value) in flags ?? new Dictionary<string, string>())
            all[flag] = value;
        var read = new SettingsReader(all, _ => null, []).Read();
        Assert.Empty(read.Errors);
        Options = read.Options;
    }

    public static async Task<TestServer> StartedAsync()
    {
        var server = new TestServer();
        await server.StartAsync();
        return server;
    }

    public async Task StartAsync() => _server = await NewAsync();

    /// <summary>Another server with the same options.</summary>
    public Task<FleetServer> NewAsync() => NewAsync(TestContext.Current.CancellationToken);

    public Task<FleetServer> NewAsync(CancellationToken cancellationToken) => FleetServer.StartAsync(Options, "test", AddNode, cancellationToken);

    public async Task StopAsync()
    {
        await Server.StopAsync();
        await Server.DisposeAsync();
        _server = null;
    }

    /// <param name="scopes">Of its token; null for everything, empty for no token.</param>
    public HttpClient Client(params string[]? scopes) => ClientAt(Server.ApiAddress!, scopes);

    /// <summary>Also while the server is still starting, if its port was chosen.</summary>
    public HttpClient ClientAt(Uri address, params string[]? scopes)
    {
        var client = new HttpClient(new SocketsHttpHandler { AllowAutoRedirect = false, UseCookies = false }) { BaseAddress = address };
        if (scopes is null or { Length: > 0 })
            client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("Bearer", Token(scopes));
        return client;
    }

    public string Token(string[]? scopes) =>
        new TokenIssuer(JwtSecret.Ensure(Options), TimeProvider.System).Issue("test", scopes, TimeSpan.FromMinutes(5));

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
            await StopAsync();
        _node?.Dispose();
        if (Directory.Exists(Data))
            Directory.Delete(Data, recursive: true);
    }

    private void AddNode(IServiceCollection services, NodeSetup setup)
    {
        if (NewNode is { } make)
        {
            services.AddSingleton(provider => make(setup, provider));
            return;
        }
        _node ??= new SimulatedNode(setup.Claim.NodeId);
        services.AddSingleton<INode>(_node);
    }
}

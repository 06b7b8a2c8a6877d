using System.Net;
using Hypeman.Gateway;
using Hypeman.Gateway.Registry;
using Hypeman.Grains;
using Hypeman.Grains.Instances;
using Hypeman.Ingress;
using Hypeman.Ingress.Forwarding;
using Hypeman.Ingress.Listening;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Adapters;
using Hypeman.Silo.Cluster;
using Hypeman.Silo.Configuration;
using Hypeman.Silo.Dashboard;
using Hypeman.Silo.Registry;
using Hypeman.Storage;
using Hypeman.Storage.Databases;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using Orleans.Dashboard;

namespace Hypeman.Silo.Server;

/// <summary>
/// One process of the fleet, put together from its parts. It starts from the ground up: data directory, database,
/// node, silo, ingress, and last the API, so that <c>/health</c> answers once everything does; it stops the other way.
/// </summary>
internal sealed class FleetServer : IAsyncDisposable
{
    private readonly List<IAsyncDisposable> _parts = [];
    private readonly HypemanOptions _options;
    private WebApplication _app = null!;

    private FleetServer(HypemanOptions options) => _options = options;

    /// <summary>Where the API answers from this host.</summary>
    public Uri ApiAddress => new(_app.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses.First()
        .Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));

    public int IngressPort => _app.Services.GetService<IngressServer>()?.Port ?? 0;

    public IServiceProvider Services => _app.Services;

    /// <param name="options">Read without errors.</param>
    /// <param name="summary">The settings in force, for the log.</param>
    /// <param name="addNode">Adds the node of this process, as <c>INode</c>: <see cref="HostNode.Add"/>, or that of a test.</param>
    /// <param name="cancellationToken">Gives up starting.</param>
    /// <exception cref="StartupException">It cannot start; so do the parts' own exceptions, see <see cref="StartupFailure"/>.</exception>
    public static async Task<FleetServer> StartAsync(
        HypemanOptions options, string summary, Action<IServiceCollection, NodeSetup> addNode, CancellationToken cancellationToken = default)
    {
        var server = new FleetServer(options);
        try
        {
            await server.StartAsync(summary, addNode, cancellationToken);
            return server;
        }
        catch
        {
            await server.DisposeAsync();
            throw;
        }
    }

    /// <summary>Runs until the process is asked to end; then requests get their time to finish. VMs run on.</summary>
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _app.WaitForShutdownAsync(cancellationToken);

    public Task StopAsync() => _app.StopAsync();

    public async ValueTask DisposeAsync()
    {
        foreach (var part in Enumerable.Reverse(_parts))
            await part.DisposeAsync();
        _parts.Clear();
    }

    private async Task StartAsync(string summary, Action<IServiceCollection, NodeSetup> addNode, CancellationToken cancellationToken)
    {
        var claim = Own(new NodeClaim(_options.DataDirectory));
        ListenCheck.Require(_options);
        HostNamespace.Record(_options.DataDirectory);
        var jwtSecret = JwtSecret.Ensure(_options);
        var database = Own(await Database.OpenAsync(StorageOptions(), cancellationToken));

        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hypeman-silo" });
        builder.AddConsoleLog(_options.LogLevel);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = Limits.Shutdown);
        // What is added first starts first and stops last.
        if (_options.Roles.HasFlag(SiloRoles.Node))
            addNode(builder.Services, new NodeSetup(claim, _options));
        AddSilo(builder, database, claim.NodeId);
        if (_options.Roles.HasFlag(SiloRoles.Ingress))
            AddIngress(builder.Services);
        AddApi(builder, jwtSecret);

        _app = Own(builder.Build());
        _app.Logger.LogInformation("Starting node {NodeId} with {Settings}", claim.NodeId, summary);
        if (_options.Roles.HasFlag(SiloRoles.Gateway))
        {
            _app.MapGateway();
            DashboardGate.Map(_app);
        }
        await _app.StartAsync(cancellationToken);
        Own(ServerFile.Write(_options.DataDirectory, ApiAddress, IngressPort));
    }

    private void AddSilo(WebApplicationBuilder builder, Database database, string nodeId)
    {
        var address = IPAddress.Parse(_options.ClusterAddress);
        var port = _options.ClusterPort > 0 ? _options.ClusterPort : SiloPort.Choose(_options.DataDirectory, address);
        builder.UseOrleans(silo =>
        {
            silo.UseFleet(_options.ClusterId, nodeId, new IPEndPoint(address, port));
            silo.AddHypemanStorage(database);
            silo.AddHypemanGrains();
            silo.AddDashboard();
        });
        builder.Services.Configure<InstanceLimits>(o => o.MaxVcpus = _options.MaxVcpusPerInstance);
    }

    private void AddIngress(IServiceCollection services)
    {
        services.AddSingleton<IInstanceConnector, NodeConnector>();
        services.AddIngress(o => (o.ListenAddress, o.ListenPort) = (_options.IngressAddress, _options.IngressPort));
    }

    private void AddApi(WebApplicationBuilder builder, string jwtSecret)
    {
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            if (_options.ApiAddress == "*")
                kestrel.ListenAnyIP(_options.ApiPort);
            else
                kestrel.Listen(IPAddress.Parse(_options.ApiAddress), _options.ApiPort);
        });
        builder.Services.AddGateway(o => o.JwtSecret = jwtSecret);
        builder.Services.AddSingleton<IRegistryStore>(provider =>
        {
            var node = provider.GetRequiredService<INode>();
            return new BlobRegistryStore(node.Images.Blobs, node.Facts.Platform, provider.GetRequiredService<TimeProvider>());
        });
    }

    private StorageOptions StorageOptions() => new()
    {
        DataDirectory = _options.DataDirectory,
        ConnectionString = _options.Database.Length == 0 ? null : _options.Database,
    };

    /// <summary>Disposes it with the server, later parts first.</summary>
    private T Own<T>(T part)
    {
        if (part is IAsyncDisposable asynchronous)
            _parts.Add(asynchronous);
        else if (part is IDisposable disposable)
            _parts.Add(new Disposal(disposable));
        return part;
    }

    private sealed class Disposal(IDisposable part) : IAsyncDisposable
    {
        public ValueTask DisposeAsync()
        {
            part.Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

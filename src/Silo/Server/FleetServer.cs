using System.Net;
using Hypeman.Certificates.Sealing;
using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway;
using Hypeman.Gateway.Registry;
using Hypeman.Grains;
using Hypeman.Grains.Ingresses;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Snapshots;
using Hypeman.Ingress;
using Hypeman.Ingress.Certificates;
using Hypeman.Ingress.Forwarding;
using Hypeman.Ingress.Listening;
using Hypeman.Ingress.Waking;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Peers;
using Hypeman.Silo.Adapters;
using Hypeman.Silo.Certificates;
using Hypeman.Silo.Cluster;
using Hypeman.Silo.Configuration;
using Hypeman.Silo.Dashboard;
using Hypeman.Silo.Metrics;
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
    private readonly KeptPorts _ports;
    private IHost _host = null!;

    private FleetServer(HypemanOptions options)
    {
        _options = options;
        _ports = new KeptPorts(options.DataDirectory, ClusterAddress);
    }

    private IPAddress ClusterAddress => IPAddress.Parse(_options.ClusterAddress);

    /// <summary>Where the API answers from this host; null when this process has none.</summary>
    public Uri? ApiAddress => _host.Services.GetService<IServer>() is not { } server ? null : new Uri(
        server.Features.Get<IServerAddressesFeature>()!.Addresses.First()
            .Replace("[::]", "127.0.0.1", StringComparison.Ordinal).Replace("0.0.0.0", "127.0.0.1", StringComparison.Ordinal));

    /// <summary>0 when this process has no ingress.</summary>
    public int IngressPort => _host.Services.GetService<IngressServer>()?.Port ?? 0;

    /// <summary>0 when this process has no ingress.</summary>
    public int IngressTlsPort => _host.Services.GetService<IngressServer>()?.TlsPort ?? 0;

    public int MetricsPort => _host.Services.GetRequiredService<MetricsServer>().Port;

    public IServiceProvider Services => _host.Services;

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
    public Task WaitForShutdownAsync(CancellationToken cancellationToken) => _host.WaitForShutdownAsync(cancellationToken);

    public Task StopAsync() => _host.StopAsync();

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
        var identity = _options.ClusterIdentity.Length == 0 ? null : new IdentityKeeper(_options.ClusterIdentity, TimeProvider.System);
        var (jwtSecret, sealer) = (JwtSecret.Ensure(_options), SealingKey.Ensure(_options));
        var database = Own(await Database.OpenAsync(StorageOptions(), cancellationToken));

        _host = Own(Has(SiloRoles.Gateway)
            ? BuildWithApi(AddParts, jwtSecret)
            : BuildWithout(AddParts));
        _host.Services.GetRequiredService<ILogger<FleetServer>>()
            .LogInformation("Starting process {Id} with {Settings}", claim.NodeId, summary);
        await _host.StartAsync(cancellationToken);
        Own(ServerFile.Write(_options.DataDirectory, ApiAddress, IngressPort, MetricsPort));

        // All but the API. What is added first starts first and stops last.
        void AddParts(IHostApplicationBuilder builder)
        {
            AddBase(builder, identity);
            if (Has(SiloRoles.Node))
                AddNode(builder.Services, new NodeSetup(claim, _options), addNode, jwtSecret);
            if (identity is not null)
                AddPeers(builder.Services, claim.NodeId);
            if (_options.Roles.IsSilo())
                AddSilo(builder, database, claim.NodeId, identity, sealer);
            else
                AddClient(builder, database, identity);
            if (Has(SiloRoles.Ingress))
                AddIngress(builder.Services, sealer);
        }
    }

    private bool Has(SiloRoles role) => _options.Roles.HasFlag(role);

    private WebApplication BuildWithApi(Action<IHostApplicationBuilder> addParts, string jwtSecret)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions { ApplicationName = "hypeman-silo" });
        addParts(builder);
        AddApi(builder, jwtSecret);
        var app = builder.Build();
        app.MapGateway();
        DashboardGate.Map(app);
        return app;
    }

    private static IHost BuildWithout(Action<IHostApplicationBuilder> addParts)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings { ApplicationName = "hypeman-silo" });
        addParts(builder);
        return builder.Build();
    }

    private void AddBase(IHostApplicationBuilder builder, IdentityKeeper? identity)
    {
        builder.AddConsoleLog(_options.LogLevel);
        builder.Services.Configure<HostOptions>(o => o.ShutdownTimeout = Limits.Shutdown);
        builder.Services.AddSingleton<TimeProvider>(new SteadyClock(TimeProvider.System));
        builder.Services.AddSingleton(new MetricsServer(_options.MetricsAddress, _options.MetricsPort));
        builder.Services.AddHostedService(provider => provider.GetRequiredService<MetricsServer>());
        if (identity is not null)
            builder.Services.AddSingleton(identity).AddHostedService<IdentityWatch>();
    }

    /// <summary>The node, and the registry that puts what is pushed into its blobs.</summary>
    private static void AddNode(
        IServiceCollection services, NodeSetup setup, Action<IServiceCollection, NodeSetup> addNode, string jwtSecret)
    {
        addNode(services, setup);
        services.AddTokenValidation(o => o.JwtSecret = jwtSecret);
        services.AddSingleton<IRegistryStore>(provider =>
        {
            var node = provider.GetRequiredService<INode>();
            return new BlobRegistryStore(node.Images.Blobs, node.Facts.Platform, provider.GetRequiredService<TimeProvider>());
        });
    }

    private void AddPeers(IServiceCollection services, string nodeId)
    {
        services.AddSingleton<IPeerIdentity, PeerIdentity>();
        services.AddSingleton<IRegistryRouter, RepositoryRouter>();
        if (!Has(SiloRoles.Node))
        {
            services.AddPeers(_ => { });
            return;
        }
        var endPoint = new IPEndPoint(ClusterAddress, _ports.Choose(KeptPorts.Peer, _options.ClusterPeerPort));
        services.AddPeers(o => (o.NodeId, o.EndPoint) = (nodeId, endPoint));
        services.AddSingleton<IPeerEndpoints, RegistryPeers>().AddPeerServer();
        services.Configure<NodeAddressOptions>(o => o.PeerAddress = endPoint.ToString());
    }

    private void AddSilo(IHostApplicationBuilder builder, Database database, string nodeId, IdentityKeeper? identity, SecretSealer? sealer)
    {
        var silo = new IPEndPoint(ClusterAddress, _ports.Choose(KeptPorts.Silo, _options.ClusterPort));
        // Without a shared database there is nobody else.
        var gatewayPort = _options.Database.Length == 0 ? 0 : _ports.Choose(KeptPorts.Gateway, _options.ClusterGatewayPort);
        builder.UseOrleans(orleans =>
        {
            orleans.UseFleet(_options.ClusterId, nodeId, silo, gatewayPort, identity);
            orleans.AddHypemanStorage(database);
            orleans.AddHypemanGrains();
            orleans.AddDashboard();
        });
        builder.Services.AddSingleton(new ReservedHostname(_options.ApiHostname, _options.ApiTls));
        builder.Services.AddSingleton(Issuers.Policy(_options, sealer, TimeProvider.System));
        builder.Services.Configure<InstanceLimits>(o => o.MaxVcpus = _options.MaxVcpusPerInstance);
        builder.Services.Configure<IdleOptions>(o => o.AtOnce = _options.MaxConcurrentStandbys);
        builder.Services.Configure<SnapshotOptions>(o => o.CompressionDefault = new SnapshotCompression
        {
            Enabled = _options.CompressionEnabled,
            Algorithm = _options.CompressionAlgorithm,
            Level = _options.CompressionLevel,
        });
    }

    /// <summary>
    /// The client's start ends only when it has found a silo. The other parts do not wait for that: the API says how it
    /// is, and traffic to instances needs no grain.
    /// </summary>
    private void AddClient(IHostApplicationBuilder builder, Database database, IdentityKeeper? identity)
    {
        builder.Services.Configure<HostOptions>(o => o.ServicesStartConcurrently = true);
        builder.UseOrleansClient(orleans =>
        {
            orleans.UseFleet(_options.ClusterId, identity);
            orleans.AddHypemanStorage(database);
            orleans.AddDashboard();
        });
    }

    private void AddIngress(IServiceCollection services, SecretSealer? sealer)
    {
        if (sealer is not null)
            services.AddSingleton(sealer);
        services.AddSingleton<ICertificateRequester, CertificateRequester>();
        services.AddSingleton<IInstanceConnector, NodeConnector>();
        services.AddSingleton<IInstanceWaker, InstanceWaker>();
        services.AddIngress(o =>
        {
            (o.ListenAddress, o.ListenPort, o.ListenTlsPort) = (_options.IngressAddress, _options.IngressPort, _options.IngressTlsPort);
            (o.ApiHostname, o.ApiTls, o.ApiRedirectHttp) = (_options.ApiHostname, _options.ApiTls, _options.ApiRedirectHttp);
            o.ApiUpstream = () => _options.ApiUpstream ?? ApiAddress;
            (o.AccessLog, o.MaxMetricLabels) = (_options.AccessLog, _options.RuleLabelBudget);
        });
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

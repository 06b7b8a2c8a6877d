using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Traffic;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// The listening side of the data plane: a Kestrel of its own, apart from the API's, so that neither sees the
/// other's ports, limits or middleware.
/// </summary>
public sealed class IngressServer : IHostedService, IAsyncDisposable
{
    private readonly IngressOptions _options;
    private readonly RouteTable _routes;
    private readonly RouteFeed _feed;
    private readonly TrafficRecorder _traffic;
    private readonly TlsDoor _door;
    private readonly ILoggerFactory _loggers;
    private readonly OpenPorts _ports;
    private readonly PortKeeper _keeper;
    private readonly CancellationTokenSource _stopping = new();
    private WebApplication? _app;
    private Task _keeping = Task.CompletedTask;

    internal IngressServer(
        IOptions<IngressOptions> options, RouteTable routes, RouteFeed feed, TrafficRecorder traffic, TlsDoor door, TimeProvider time, ILoggerFactory loggers)
    {
        _options = options.Value;
        _routes = routes;
        _feed = feed;
        _traffic = traffic;
        _door = door;
        _loggers = loggers;
        _ports = new OpenPorts(_options.ListenAddress, time, loggers.CreateLogger<OpenPorts>());
        _keeper = new PortKeeper(_ports, WantedPorts, time, loggers.CreateLogger<PortKeeper>());
    }

    /// <summary>The default port, known once started; another than configured only when 0 was.</summary>
    public int Port { get; private set; }

    /// <summary>Where rules for port 443 are served while there are some; known once started.</summary>
    public int TlsPort { get; private set; }

    /// <summary>Ports of rules that other programs hold.</summary>
    internal ImmutableSortedSet<int> RefusedPorts => _keeper.Refused;

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            Port = _ports.Open(_options.ListenPort);
        }
        catch (SocketException e) when (e.SocketErrorCode is SocketError.AddressAlreadyInUse)
        {
            throw new IOException(
                $"The ingress cannot listen on port {_options.ListenPort}: another program holds it. "
                + "Stop that program or give the ingress another port.", e);
        }
        TlsPort = _options.ListenTlsPort == 0 ? _ports.FindFree() : _options.ListenTlsPort;
        _app = Build();
        await _app.StartAsync(cancellationToken);
        _feed.RoutesChanged += _keeper.Wake;
        _keeper.Wake();
        _keeping = _keeper.RunAsync(_stopping.Token);
    }

    public async Task StopAsync(CancellationToken cancellationToken)
    {
        _feed.RoutesChanged -= _keeper.Wake;
        await _stopping.CancelAsync();
        await _keeping;
        if (_app is not null)
            await _app.StopAsync(cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _stopping.Dispose();
        if (_app is not null)
            await _app.DisposeAsync();
        await _ports.DisposeAsync();
    }

    private PortPlan Plan => new(Port, TlsPort);

    private ImmutableSortedSet<int> WantedPorts() => Plan.ExtraPorts(_routes.Ports, _options.MaxExtraPorts);

    private WebApplication Build()
    {
        // A line ends with both of its characters: whoever stands before us may not see an end where there is only one.
        AppContext.SetSwitch("Microsoft.AspNetCore.Server.Kestrel.DisableHttp1LineFeedTerminators", true);
        // The empty builder reads no files and no environment: ASPNETCORE_URLS and the like are the API's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(_loggers);
        builder.Services.AddSingleton<IHostLifetime, InnerLifetime>();
        builder.Services.AddSingleton<IConnectionListenerFactory>(_ports);
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = _options.DrainTimeout);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(Configure);
        var app = builder.Build();
        app.Run(context => _traffic.HandleAsync(context, Plan.RulePort(context.Connection.LocalPort)));
        return app;
    }

    private void Configure(KestrelServerOptions kestrel)
    {
        kestrel.Listen(_ports.EndPoint, endPoint => _door.Install(endPoint, connection => Plan.RulePort(((IPEndPoint)connection.LocalEndPoint!).Port)));
        kestrel.AddServerHeader = false;
        kestrel.RequestHeaderEncodingSelector = _ => Encoding.Latin1;
        kestrel.ResponseHeaderEncodingSelector = _ => Encoding.Latin1;
        var limits = kestrel.Limits;
        limits.MaxConcurrentConnections = _options.MaxConnections;
        limits.MaxConcurrentUpgradedConnections = _options.MaxConnections;
        limits.MaxRequestBodySize = _options.MaxRequestBodyBytes;
        limits.MaxRequestLineSize = Limits.RequestLineBytes;
        limits.MaxRequestHeadersTotalSize = Limits.RequestHeadersBytes;
        limits.MaxRequestHeaderCount = Limits.RequestHeaderCount;
        limits.RequestHeadersTimeout = _options.HeadersTimeout;
        limits.KeepAliveTimeout = Limits.KeepAlive;
        // Slow bodies are legal either way; the idle timeout of the forwarder ends dead ones.
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
    }

    /// <summary>Signals are the outer host's business; it stops us in its turn.</summary>
    private sealed class InnerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

using System.Net;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Hosting;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.AspNetCore.Server.Kestrel.Https;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Peers.Listening;

/// <summary>
/// What this process offers to other members of the fleet: a Kestrel of its own, apart from the API's and the ingress',
/// on which nobody comes further than the TLS handshake without a member's certificate.
/// </summary>
public sealed class PeerServer(
    IOptions<PeerOptions> options, IPeerIdentity identity, IEnumerable<IPeerEndpoints> families, ILoggerFactory loggers)
    : IHostedService, IAsyncDisposable
{
    private WebApplication? _app;

    /// <exception cref="IOException">The port is taken.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        if (options.Value.EndPoint is not { } endPoint)
            return;
        _app = Build(endPoint);
        try
        {
            await _app.StartAsync(cancellationToken);
        }
        catch (IOException e) when (e.InnerException is AddressInUseException)
        {
            throw new IOException(
                $"Other hosts cannot be served on port {endPoint.Port} of {endPoint.Address}: another program holds it. "
                + "Stop that program or choose another port with --cluster-peer-port.", e.InnerException);
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        if (_app is not null)
            await _app.DisposeAsync();
    }

    private WebApplication Build(IPEndPoint endPoint)
    {
        // The empty builder reads no files and no environment: ASPNETCORE_URLS and the like are the API's.
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.Services.AddSingleton(loggers);
        builder.Services.AddSingleton<IHostLifetime, InnerLifetime>();
        builder.Services.Configure<HostOptions>(host => host.ShutdownTimeout = Limits.Drain);
        builder.Services.AddRouting();
        foreach (var family in families)
            family.AddServices(builder.Services);
        builder.WebHost.UseKestrelCore().UseKestrelHttpsConfiguration().ConfigureKestrel(kestrel => Configure(kestrel, endPoint));
        var app = builder.Build();
        foreach (var family in families)
            family.Map(app);
        return app;
    }

    private void Configure(KestrelServerOptions kestrel, IPEndPoint endPoint)
    {
        kestrel.AddServerHeader = false;
        var limits = kestrel.Limits;
        limits.MaxRequestBodySize = null;
        limits.MinRequestBodyDataRate = null;
        limits.MinResponseDataRate = null;
        limits.Http2.MaxStreamsPerConnection = Limits.StreamsPerConnection;
        limits.Http2.InitialStreamWindowSize = Limits.StreamWindowBytes;
        limits.Http2.InitialConnectionWindowSize = Limits.ConnectionWindowBytes;
        limits.Http2.KeepAlivePingDelay = Limits.Ping;
        limits.Http2.KeepAlivePingTimeout = Limits.Ping;
        kestrel.Listen(endPoint, listen =>
        {
            listen.Protocols = HttpProtocols.Http2;
            listen.UseHttps(new TlsHandshakeCallbackOptions { OnConnection = _ => ValueTask.FromResult(identity.ServerOptions()) });
        });
    }

    /// <summary>Signals are the outer host's business; it stops us in its turn.</summary>
    private sealed class InnerLifetime : IHostLifetime
    {
        public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

        public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
    }
}

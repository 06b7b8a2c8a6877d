using System.Net;
using Hypeman.Ingress.Traffic;
using Microsoft.AspNetCore.Hosting.Server;
using Microsoft.AspNetCore.Hosting.Server.Features;
using OpenTelemetry.Metrics;

namespace Hypeman.Silo.Metrics;

/// <summary>
/// What monitoring reads: <c>GET /metrics</c> in the text format of Prometheus, on a port of its own, so that it can be shown
/// to the monitoring and to nobody else.
/// </summary>
internal sealed class MetricsServer(string address, int port) : IHostedService, IAsyncDisposable
{
    /// <summary>Ours, and those of what we are made of.</summary>
    private static readonly string[] Meters =
        [IngressMetrics.MeterName, "Microsoft.AspNetCore.Server.Kestrel", "Microsoft.Orleans", "Npgsql", "System.Runtime"];

    private WebApplication? _app;

    /// <summary>Known once started; another than configured only when 0 was.</summary>
    public int Port => BindingAddress.Parse(_app!.Services.GetRequiredService<IServer>()
        .Features.Get<IServerAddressesFeature>()!.Addresses.First()).Port;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        var builder = WebApplication.CreateEmptyBuilder(new WebApplicationOptions());
        builder.WebHost.UseKestrelCore().ConfigureKestrel(kestrel =>
        {
            if (address == "*")
                kestrel.ListenAnyIP(port);
            else
                kestrel.Listen(IPAddress.Parse(address), port);
        });
        builder.Services.AddOpenTelemetry().WithMetrics(metrics => metrics
            .AddMeter(Meters)
            .AddPrometheusExporter(exporter => exporter.ScrapeResponseCacheDurationMilliseconds = 0));
        _app = builder.Build();
        _app.UseOpenTelemetryPrometheusScrapingEndpoint();
        return _app.StartAsync(cancellationToken);
    }

    public Task StopAsync(CancellationToken cancellationToken) => _app?.StopAsync(cancellationToken) ?? Task.CompletedTask;

    public ValueTask DisposeAsync() => _app?.DisposeAsync() ?? ValueTask.CompletedTask;
}

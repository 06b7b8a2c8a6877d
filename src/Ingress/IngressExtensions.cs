using Hypeman.Contracts.Nodes;
using Hypeman.Ingress.Certificates;
using Hypeman.Ingress.Forwarding;
using Hypeman.Ingress.Listening;
using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Traffic;
using Hypeman.Ingress.Waking;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Ingress;

/// <summary>Adds the ingress to a process.</summary>
public static class IngressExtensions
{
    /// <summary>
    /// Adds the data plane of this process. Needs an <c>IResourceIndex</c> to read routes from and an
    /// <see cref="IInstanceConnector"/> to reach instances, an <see cref="IInstanceWaker"/> to wake them, and an
    /// <see cref="ICertificateRequester"/>; to serve certificates, also the fleet's <c>SecretSealer</c>.
    /// </summary>
    public static IServiceCollection AddIngress(this IServiceCollection services, Action<IngressOptions>? configure = null)
    {
        services.AddOptions<IngressOptions>().ValidateOnStart();
        services.AddSingleton<IValidateOptions<IngressOptions>, IngressOptionsValidator>();
        if (configure is not null)
            services.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        return services.AddRouting().AddCertificates().AddForwarding().AddTraffic().AddListening();
    }

    private static IServiceCollection AddRouting(this IServiceCollection services) => services
        .AddSingleton<RouteTable>()
        .AddSingleton<InstanceTable>()
        .AddSingleton<RouteFeed>()
        .AddHostedService(provider => provider.GetRequiredService<RouteFeed>());

    private static IServiceCollection AddCertificates(this IServiceCollection services) => services
        .AddSingleton<CertificateTable>()
        .AddSingleton<CertificateDesk>()
        .AddSingleton<HttpChallenges>()
        .AddSingleton<TlsDoor>();

    private static IServiceCollection AddForwarding(this IServiceCollection services) => services
        .AddHttpForwarder()
        // It writes two lines a request, and a stack trace for each program that is down; what matters we say ourselves.
        .AddLogging(logging => logging.AddFilter("Yarp.ReverseProxy", LogLevel.Error))
        .AddSingleton<InstanceClient>()
        .AddSingleton<ApiForwarder>()
        .AddSingleton<WakeRoom>()
        .AddSingleton<RepeatDecision>()
        .AddSingleton<IngressHandler>();

    // The log is there before the server, and after it.
    private static IServiceCollection AddTraffic(this IServiceCollection services) => services
        .AddMetrics()
        .AddSingleton<IngressMetrics>()
        .AddSingleton<AccessLog>()
        .AddHostedService(provider => provider.GetRequiredService<AccessLog>())
        .AddSingleton<TrafficRecorder>();

    private static IServiceCollection AddListening(this IServiceCollection services) => services
        .AddSingleton(provider => new IngressServer(
            provider.GetRequiredService<IOptions<IngressOptions>>(),
            provider.GetRequiredService<RouteTable>(),
            provider.GetRequiredService<RouteFeed>(),
            provider.GetRequiredService<TrafficRecorder>(),
            provider.GetRequiredService<TlsDoor>(),
            provider.GetRequiredService<TimeProvider>(),
            provider.GetRequiredService<ILoggerFactory>()))
        .AddHostedService(provider => provider.GetRequiredService<IngressServer>())
        .AddSingleton<IIngressProbe, IngressProbe>();
}

using Hypeman.Contracts.Index;
using Hypeman.Gateway.Auth;
using Hypeman.Gateway.Certificates;
using Hypeman.Gateway.Errors;
using Hypeman.Gateway.Health;
using Hypeman.Gateway.Images;
using Hypeman.Gateway.Ingresses;
using Hypeman.Gateway.Instances;
using Hypeman.Gateway.Instances.Policies;
using Hypeman.Gateway.Nodes;
using Hypeman.Gateway.Registry;
using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Snapshots;
using Hypeman.Gateway.Snapshots.Schedules;
using Hypeman.Gateway.Streams;
using Microsoft.AspNetCore.Http.Metadata;
using Microsoft.AspNetCore.Server.Kestrel.Core;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Hypeman.Gateway;

/// <summary>Puts the REST API into a web application.</summary>
public static class GatewayExtensions
{
    /// <summary>
    /// Registers the API. The host also provides <see cref="IGrainFactory"/>, <see cref="IResourceIndex"/> and,
    /// if it wants another than the system's, a <see cref="TimeProvider"/>; where grains may be out of reach, an
    /// <see cref="IFleetLink"/>; with an <see cref="IRegistryStore"/> or an
    /// <see cref="IRegistryRouter"/> the registry is there too.
    /// </summary>
    public static IServiceCollection AddGateway(this IServiceCollection services, Action<GatewayOptions> configure)
    {
        services.AddTokenValidation(configure);
        services.TryAddSingleton<IFleetLink, OwnSilo>();
        services.AddSingleton<ResourceLookup>();
        services.AddSingleton<NodesAway>();
        services.AddSingleton<InstanceList>();
        services.AddSingleton<GrainWatch>();
        services.AddSingleton<InstanceWatch>();
        services.AddSingleton<InstanceWait>();
        services.AddSingleton<InstanceOperations>();
        services.AddSingleton<SnapshotOperations>();
        services.AddSingleton<GuestDoor>();
        services.AddRegistry();
        services.Configure<KestrelServerOptions>(Harden);
        services.AddRouting();
        return services;
    }

    /// <summary>The part that checks tokens, for a host that serves the registry without the API.</summary>
    public static IServiceCollection AddTokenValidation(this IServiceCollection services, Action<GatewayOptions> configure)
    {
        services.AddOptions<GatewayOptions>().Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<GatewayOptions>, GatewayOptionsValidator>();
        services.TryAddSingleton(TimeProvider.System);
        services.TryAddSingleton<ITokenValidator, TokenValidator>();
        return services;
    }

    /// <summary>Adds the API's middleware and routes.</summary>
    public static WebApplication MapGateway(this WebApplication app)
    {
        var options = app.Services.GetRequiredService<IOptions<GatewayOptions>>().Value;
        if (options.JwtSecret.Length == 0)
            app.Logger.LogWarning("No JWT secret is configured: every request that needs a token will be refused");

        app.UseMiddleware<ErrorMiddleware>();
        app.UseRouting();
        app.UseMiddleware<AuthMiddleware>();
        app.UseMiddleware<FleetGate>();
        app.UseWebSockets();

        var api = app.MapGroup("").WithMetadata(new ApiRoute(), new BodyLimit(options.MaxRequestBodyBytes));
        var resources = api.MapGroup("").AnsweringHead();
        resources.MapHealth();
        resources.MapInstances();
        resources.MapAutoStandby();
        resources.MapSnapshots();
        resources.MapSchedules();
        resources.MapImages();
        resources.MapIngresses();
        resources.MapCertificates();
        resources.MapNodes();
        resources.MapDrains();
        api.MapStreams();
        // Asks only whether there is one: it may need a node, which has not started yet.
        var known = app.Services.GetRequiredService<IServiceProviderIsService>();
        if (known.IsService(typeof(IRegistryStore)) || known.IsService(typeof(IRegistryRouter)))
            app.MapRegistry();
        return app;
    }

    private static void Harden(KestrelServerOptions kestrel)
    {
        kestrel.AddServerHeader = false;
        kestrel.Limits.MaxRequestLineSize = 8 * 1024;
        kestrel.Limits.MaxRequestHeadersTotalSize = 32 * 1024;
        kestrel.Limits.RequestHeadersTimeout = TimeSpan.FromSeconds(15);
    }

    /// <summary>Routing sets the limit of the server to it before the body is read.</summary>
    private sealed record BodyLimit(long? MaxRequestBodySize) : IRequestSizeLimitMetadata;
}

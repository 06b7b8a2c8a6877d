using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Networks;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Options;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>Adds this host to a process.</summary>
public static class NodeRuntimeExtensions
{
    /// <summary>
    /// Adds <see cref="NodeClaim"/> (there at once), and <see cref="Node"/> as <see cref="INode"/>, which starts with the
    /// host: add it before whatever needs a started node, such as a silo.
    /// </summary>
    public static IServiceCollection AddNodeRuntime(this IServiceCollection services, Action<NodeRuntimeOptions> configure)
    {
        services.AddOptions<NodeRuntimeOptions>().Configure(configure).ValidateOnStart();
        services.AddSingleton<IValidateOptions<NodeRuntimeOptions>, NodeRuntimeOptionsRules>();
        services.AddOptions<NodeNetworkOptions>().ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<ImageOptions>().ValidateDataAnnotations().ValidateOnStart();
        services.AddOptions<OverlayDiskOptions>();
        services.AddOptions<LogRotationOptions>();
        services.TryAddSingleton(TimeProvider.System);
        services.AddSingleton<NodeSettings>();
        services.AddSingleton(provider => new NodeClaim(provider.GetRequiredService<IOptions<NodeRuntimeOptions>>().Value.DataDirectory));
        services.AddSingleton<Node>();
        services.AddSingleton<INode>(provider => provider.GetRequiredService<Node>());
        services.AddHostedService(provider => provider.GetRequiredService<Node>());
        return services;
    }
}

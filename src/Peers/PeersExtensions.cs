using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms.Transfer;
using Hypeman.Peers.Blobs;
using Hypeman.Peers.Connections;
using Hypeman.Peers.Forwarding;
using Hypeman.Peers.Instances;
using Hypeman.Peers.Listening;
using Hypeman.Peers.Snapshots;
using Hypeman.Peers.Vms;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.DependencyInjection.Extensions;
using Microsoft.Extensions.Logging;

namespace Hypeman.Peers;

/// <summary>Adds the channel between the hosts of a fleet to a process.</summary>
public static class PeersExtensions
{
    /// <summary>
    /// Lets this process reach what others offer. It brings an <c>IResourceIndex</c>, which knows where they are, and an
    /// <see cref="IPeerIdentity"/>.
    /// </summary>
    public static IServiceCollection AddPeers(this IServiceCollection services, Action<PeerOptions> configure)
    {
        services.Configure(configure);
        services.TryAddSingleton(TimeProvider.System);
        services.AddHttpForwarder();
        services.AddLogging(logging => logging.AddFilter("Yarp.ReverseProxy", LogLevel.Error));
        services.AddSingleton<PeerClient>();
        services.AddSingleton<PeerDirectory>();
        services.AddHostedService(provider => provider.GetRequiredService<PeerDirectory>());
        services.AddSingleton<IBlobPeers, BlobPeers>();
        services.AddSingleton<IVmPeers, VmPeers>();
        services.AddSingleton<ISnapshotPeers, SnapshotPeers>();
        services.AddSingleton<InstancePeers>();
        services.AddSingleton<PeerForwarder>();
        return services;
    }

    /// <summary>Offers the node of this process to others, and whatever else is added as <see cref="IPeerEndpoints"/>.</summary>
    public static IServiceCollection AddPeerServer(this IServiceCollection services)
    {
        services.AddSingleton<IPeerEndpoints, BlobEndpoints>();
        services.AddSingleton<IPeerEndpoints, InstanceEndpoints>();
        services.AddSingleton<IPeerEndpoints, VmEndpoints>();
        services.AddSingleton<IPeerEndpoints, SnapshotEndpoints>();
        services.AddSingleton<PeerServer>();
        services.AddHostedService(provider => provider.GetRequiredService<PeerServer>());
        return services;
    }
}

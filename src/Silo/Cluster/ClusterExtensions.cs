using System.Net;
using Hypeman.Gateway.Health;
using Orleans.Configuration;

namespace Hypeman.Silo.Cluster;

/// <summary>How the processes of a fleet find, watch, trust and time each other.</summary>
internal static class ClusterExtensions
{
    private const string ServiceId = "hypeman";

    /// <param name="silo">The silo to set up.</param>
    /// <param name="clusterId">Of the fleet.</param>
    /// <param name="nodeId">The silo's name is its node's id: the membership row then says which node it is.</param>
    /// <param name="endPoint">Where other silos reach it.</param>
    /// <param name="gatewayPort">Where clients in other processes reach it; 0 when there are none.</param>
    /// <param name="identity">Null trusts whoever reaches the ports.</param>
    public static void UseFleet(
        this ISiloBuilder silo, string clusterId, string nodeId, IPEndPoint endPoint, int gatewayPort, IdentityKeeper? identity)
    {
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (clusterId, ServiceId));
        silo.Configure<SiloOptions>(o => o.SiloName = nodeId);
        silo.ConfigureEndpoints(endPoint.Address, endPoint.Port, gatewayPort);
        silo.Configure<ClusterMembershipOptions>(Watch);
        // A grain never spends its turn on slow work, so one that takes this long is stuck.
        silo.Configure<SiloMessagingOptions>(o => o.MaxRequestProcessingTime = TimeSpan.FromMinutes(5));
        if (identity is not null)
            silo.UseTls(tls => ClusterTls.Apply(tls, identity));
    }

    /// <summary>A process that holds no grains, and reaches those of the silos.</summary>
    /// <param name="client">The client to set up.</param>
    /// <param name="clusterId">Of the fleet.</param>
    /// <param name="identity">Null trusts whoever answers.</param>
    public static void UseFleet(this IClientBuilder client, string clusterId, IdentityKeeper? identity)
    {
        client.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (clusterId, ServiceId));
        // Silos that come are used, and those that went are left, within this.
        client.Configure<GatewayOptions>(o => o.GatewayListRefreshPeriod = TimeSpan.FromSeconds(5));
        client.UseConnectionRetryFilter<FleetSearch>();
        client.Services.AddSingleton<FleetLink>();
        client.Services.AddHostedService<FleetProbe>();
        client.Services.AddSingleton<IFleetLink>(provider => provider.GetRequiredService<FleetLink>());
        client.Services.AddSingleton<IClusterConnectionStatusObserver>(provider => provider.GetRequiredService<FleetLink>());
        client.Services.AddSingleton<ILifecycleParticipant<IClusterClientLifecycle>>(provider => provider.GetRequiredService<FleetLink>());
        if (identity is not null)
            client.UseTls(tls => ClusterTls.Apply(tls, identity));
    }

    /// <summary>
    /// A crashed silo is declared dead in about 3 s, a frozen one in about 14 s (the defaults need 12 s and 65 s). Signs
    /// of life every 5 s let a fleet that lost power start again in 20 s, not 107 s.
    /// </summary>
    private static void Watch(ClusterMembershipOptions membership)
    {
        membership.ProbeTimeout = TimeSpan.FromSeconds(2);
        membership.MinProbeTimeout = TimeSpan.FromSeconds(1);
        membership.MaxProbeTimeout = TimeSpan.FromSeconds(4);
        membership.NumMissedProbesLimit = 3;
        membership.NumVotesForDeathDeclaration = 2;
        membership.TableRefreshTimeout = TimeSpan.FromSeconds(10);
        membership.IAmAliveTablePublishTimeout = TimeSpan.FromSeconds(5);
    }
}

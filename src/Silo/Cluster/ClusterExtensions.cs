using System.Net;
using Orleans.Configuration;

namespace Hypeman.Silo.Cluster;

/// <summary>How silos of a fleet find, watch and time each other.</summary>
internal static class ClusterExtensions
{
    private const string ServiceId = "hypeman";

    /// <param name="silo">The silo to set up.</param>
    /// <param name="clusterId">Of the fleet.</param>
    /// <param name="nodeId">The silo's name is its node's id: the membership row then says which node it is.</param>
    /// <param name="endPoint">Where other silos reach it. There is no gateway port: all clients are in the silos' processes.</param>
    public static void UseFleet(this ISiloBuilder silo, string clusterId, string nodeId, IPEndPoint endPoint)
    {
        silo.Configure<ClusterOptions>(o => (o.ClusterId, o.ServiceId) = (clusterId, ServiceId));
        silo.Configure<SiloOptions>(o => o.SiloName = nodeId);
        silo.ConfigureEndpoints(endPoint.Address, endPoint.Port, gatewayPort: 0);
        silo.Configure<ClusterMembershipOptions>(Watch);
        // A grain never spends its turn on slow work, so one that takes this long is stuck.
        silo.Configure<SiloMessagingOptions>(o => o.MaxRequestProcessingTime = TimeSpan.FromMinutes(5));
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

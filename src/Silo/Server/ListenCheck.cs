using System.Net;
using Hypeman.Silo.Cluster;
using Hypeman.Silo.Configuration;

namespace Hypeman.Silo.Server;

/// <summary>
/// Looks whether the ports can be had before anything is started: the API's is bound last, and to learn then that it
/// is taken would mean to have taken up all VMs for nothing.
/// </summary>
internal static class ListenCheck
{
    /// <exception cref="StartupException">A port is taken, or an address is not of this host.</exception>
    public static void Require(HypemanOptions options)
    {
        if (options.Roles.HasFlag(SiloRoles.Gateway))
            Require(options.ApiAddress, options.ApiPort, "port");
        if (options.Roles.HasFlag(SiloRoles.Ingress))
            Require(options.IngressAddress, options.IngressPort, "ingress.port");
        Require(options.MetricsAddress, options.MetricsPort, "metrics.port");
        if (!options.Roles.IsSilo())
            return;
        Require(options.ClusterAddress, options.ClusterPort, "cluster.port");
        Require(options.ClusterAddress, options.ClusterGatewayPort, "cluster.gateway_port");
        Require(options.ClusterAddress, options.ClusterPeerPort, "cluster.peer_port");
    }

    private static void Require(string address, int port, string key)
    {
        var setting = Settings.Find(key);
        if (port > 0 && !KeptPorts.IsFree(address == "*" ? IPAddress.Any : IPAddress.Parse(address), port))
            throw new StartupException(
                $"cannot listen on port {port} of {address}: another program holds it, or the address is not of this host; "
                + $"choose another port with {setting.Flag} ({setting.Help})");
    }
}

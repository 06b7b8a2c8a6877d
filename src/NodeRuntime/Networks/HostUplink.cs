using System.Net;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Linux.Netlink;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The cable from a node's namespace to its host, which may be a namespace itself. The node's end is masqueraded by
/// the host, so nobody outside has to know our networks.
/// </summary>
internal sealed class HostUplink(string nodeId, NodeNetworkOptions options, NetworkNamespace host, ILogger log)
{
    /// <summary>Nodes of one machine take turns: they look for free networks, and count who still needs forwarding.</summary>
    private const string LockFolder = "/run/hypeman";
    private const string LockFile = LockFolder + "/host-network.lock";

    private readonly string _device = NetworkNames.Namespace(nodeId);
    private readonly string _table = NetworkNames.HostTable(nodeId);
    private readonly HostForwarding _forwarding = new(host, log);

    internal async Task EnsureAsync(NetworkNamespace node, CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync();
        if (!await node.RunAsync(() => HasLink(NetworkNames.Uplink)))
            await host.RunAsync(() => Create(node));
        var (addresses, outside) = await host.RunAsync(ConfigureHostEnd);
        await node.RunAsync(() => ConfigureNodeEnd(addresses));
        await Nft.ApplyAsync(
            host, HostRules.Admit(_table, _device, addresses.Network.ToString()), cancellationToken);
        if (outside is null)
            log.LogWarning("This host has no default route: VMs reach only what the host itself reaches");
        await _forwarding.EnableAsync(_device, outside, cancellationToken);
        await WarnOfBlockerAsync(cancellationToken);
    }

    /// <summary>What of the host lies in a network, as its network and device; the way to everywhere does not count, nor our own cable.</summary>
    internal Task<string?> FindOverlapAsync(IPNetwork network) => host.RunAsync(() =>
    {
        using var socket = NetlinkSocket.OpenRoute();
        var names = socket.ListLinks().ToDictionary(link => link.Index, link => link.Name);
        return socket.ListAddresses().Select(address => (address.Device, Network: NetworkOf(address.Address, address.PrefixLength)))
            .Concat(socket.ListRoutes().Where(route => route.PrefixLength > 0)
                .Select(route => (route.Device, Network: NetworkOf(route.Destination, route.PrefixLength))))
            .Where(other => LinkPool.Overlap(other.Network, network))
            .Select(other => (other.Network, Name: names.GetValueOrDefault(other.Device, "no device")))
            .Where(other => other.Name != _device)
            .Select(other => $"{other.Network} ({other.Name})")
            .FirstOrDefault();
    });

    internal async Task RemoveAsync(CancellationToken cancellationToken)
    {
        using var turn = await TakeTurnAsync();
        await Nft.ApplyAsync(host, HostRules.Dismiss(_table), cancellationToken);
        await host.RunAsync(() =>
        {
            using var socket = NetlinkSocket.OpenRoute();
            socket.RemoveLink(_device);
        });
        await _forwarding.ReleaseAsync(cancellationToken);
    }

    private static Task<FileLock> TakeTurnAsync()
    {
        Directory.CreateDirectory(LockFolder);
        return FileLock.TakeAsync(LockFile);
    }

    private async Task WarnOfBlockerAsync(CancellationToken cancellationToken)
    {
        var chains = await host.RunAsync(new Command("nft", "list", "chains", "ip"), cancellationToken);
        if (HostRules.FindBlocker(chains) is { } blocker)
            log.LogWarning(
                "The chain {Chain} of this host drops what VMs send out. Allow it there: iptables -I FORWARD -i {Device} -j ACCEPT; "
                + "iptables -I FORWARD -o {Device} -m conntrack --ctstate ESTABLISHED,RELATED -j ACCEPT",
                blocker, _device, _device);
    }

    private static bool HasLink(string name)
    {
        using var socket = NetlinkSocket.OpenRoute();
        return socket.FindLink(name) is not null;
    }

    private void Create(NetworkNamespace node)
    {
        using var socket = NetlinkSocket.OpenRoute();
        // Its other end, if it has one, lies in a namespace that lost its name.
        socket.RemoveLink(_device);
        socket.CreateVeth(_device, NetworkNames.Uplink, node.Handle);
    }

    /// <summary>Returns the addresses of both ends, and the device that leads outside.</summary>
    private (UplinkAddresses Addresses, string? Outside) ConfigureHostEnd()
    {
        using var socket = NetlinkSocket.OpenRoute();
        var links = socket.ListLinks();
        var own = links.First(link => link.Name == _device);
        var routes = socket.ListRoutes();
        var addresses = PickAddresses(own.Index, socket.ListAddresses(), routes);
        socket.SetAddress(own.Index, addresses.Host, UplinkAddresses.PrefixLength);
        Sysctl.SetIfThere($"net/ipv6/conf/{_device}/disable_ipv6", "1");
        socket.SetUp(own.Index);
        var outside = options.UplinkInterface ?? links
            .FirstOrDefault(link => routes.Any(route => route.PrefixLength == 0 && route.Device == link.Index))?.Name;
        return (addresses, outside);
    }

    private UplinkAddresses PickAddresses(int own, IReadOnlyList<DeviceAddress> addresses, IReadOnlyList<Route> routes)
    {
        var present = addresses.FirstOrDefault(
            address => address.Device == own && address.PrefixLength == UplinkAddresses.PrefixLength);
        if (present.Address is not null)
            return UplinkAddresses.Of(VmSubnet.ToNumber(present.Address) & ~3u);
        var taken = addresses.Where(address => address.Device != own)
            .Select(address => NetworkOf(address.Address, address.PrefixLength))
            .Concat(routes.Where(route => route.Device != own && route.PrefixLength > 0)
                .Select(route => NetworkOf(route.Destination, route.PrefixLength)))
            .ToList();
        return LinkPool.Pick(options.LinkCidr, nodeId, taken);
    }

    private static void ConfigureNodeEnd(UplinkAddresses addresses)
    {
        using var socket = NetlinkSocket.OpenRoute();
        var uplink = socket.FindLink(NetworkNames.Uplink)!;
        socket.SetAddress(uplink.Index, addresses.Node, UplinkAddresses.PrefixLength);
        socket.SetUp(uplink.Index);
        socket.SetDefaultRoute(uplink.Index, addresses.Host);
    }

    private static IPNetwork NetworkOf(IPAddress address, int prefixLength) => new(
        VmSubnet.ToAddress(prefixLength == 0 ? 0 : VmSubnet.ToNumber(address) & (uint.MaxValue << (32 - prefixLength))),
        prefixLength);
}

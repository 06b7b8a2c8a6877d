using System.Security.Cryptography;
using System.Net;
using System.Text;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>The two ends of the cable between the host and a node.</summary>
public readonly record struct UplinkAddresses(IPAddress Host, IPAddress Node)
{
    public const int PrefixLength = 30;

    /// <summary>The network of both.</summary>
    public IPNetwork Network => new(VmSubnet.ToAddress(VmSubnet.ToNumber(Host) & ~3u), PrefixLength);

    internal static UplinkAddresses Of(uint network) => new(VmSubnet.ToAddress(network + 1), VmSubnet.ToAddress(network + 2));
}

/// <summary>Picks the small network of a node's cable so that it collides with nothing the host knows.</summary>
public static class LinkPool
{
    /// <param name="nodeId">A node starts its search at a place of its own, so that it mostly gets the same again.</param>
    /// <param name="taken">Networks of the host's devices and routes; the default route does not count.</param>
    /// <exception cref="NodeException">Invalid pool; InsufficientResources: all are taken.</exception>
    public static UplinkAddresses Pick(string poolCidr, string nodeId, IReadOnlyCollection<IPNetwork> taken)
    {
        if (!IPNetwork.TryParse(poolCidr, out var pool) || pool.PrefixLength is < 8 or > UplinkAddresses.PrefixLength)
            throw new NodeException(
                NodeErrorKind.Invalid,
                $"'{poolCidr}' is no pool of link networks. Right is an IPv4 network of prefix length 8 to 30, "
                + "for example 169.254.96.0/20.");
        var count = 1u << (UplinkAddresses.PrefixLength - pool.PrefixLength);
        var start = BitConverter.ToUInt32(SHA256.HashData(Encoding.UTF8.GetBytes(nodeId))) % count;
        for (var i = 0u; i < count; i++)
        {
            var addresses = UplinkAddresses.Of(VmSubnet.ToNumber(pool.BaseAddress) + (start + i) % count * 4);
            if (!taken.Any(other => Overlap(other, addresses.Network)))
                return addresses;
        }
        throw new NodeException(
            NodeErrorKind.InsufficientResources,
            $"All networks of {poolCidr} are in use on this host; give the node another pool for its link.");
    }

    internal static bool Overlap(IPNetwork a, IPNetwork b) => a.Contains(b.BaseAddress) || b.Contains(a.BaseAddress);
}

using System.Buffers.Binary;
using System.Net;
using System.Security.Cryptography;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The addresses of a node's VMs: the first is the gateway's, the first and last of the network are no one's. The MAC
/// of an address is 02:00:00 and its last three bytes, so two VMs of a node never have the same, and the gateway's is
/// the same on every node.
/// </summary>
public sealed class VmSubnet
{
    private const int MinPrefix = 8, MaxPrefix = 29, RandomPicks = 5;

    private readonly uint _network;
    private readonly uint _size;

    private VmSubnet(IPNetwork cidr)
    {
        Cidr = cidr;
        _network = ToNumber(cidr.BaseAddress);
        _size = 1u << (32 - cidr.PrefixLength);
    }

    public IPNetwork Cidr { get; }
    public IPAddress Gateway => ToAddress(_network + 1);

    /// <exception cref="NodeException">Invalid.</exception>
    public static VmSubnet Parse(string cidr) =>
        IPNetwork.TryParse(cidr, out var parsed)
        && parsed.BaseAddress.AddressFamily == System.Net.Sockets.AddressFamily.InterNetwork
        && parsed.PrefixLength is >= MinPrefix and <= MaxPrefix
            ? new VmSubnet(parsed)
            : throw new NodeException(
                NodeErrorKind.Invalid,
                $"'{cidr}' is no network for VMs. Right is an IPv4 network of prefix length {MinPrefix} to {MaxPrefix}, "
                + "for example 10.100.0.0/16.");

    /// <summary>
    /// An address that is not in use: at random, so that one that was just given up is not soon given again; in a
    /// subnet that is nearly full the next free one.
    /// </summary>
    /// <exception cref="NodeException">InsufficientResources: all are in use.</exception>
    public IPAddress Pick(IReadOnlySet<IPAddress> used)
    {
        const uint firstVm = 2;
        var count = _size - firstVm - 1;
        var offset = (uint)RandomNumberGenerator.GetInt32((int)count);
        for (var i = 0; i < RandomPicks - 1 && used.Contains(ToAddress(_network + firstVm + offset)); i++)
            offset = (uint)RandomNumberGenerator.GetInt32((int)count);
        for (var i = 0u; i < count; i++)
        {
            var address = ToAddress(_network + firstVm + (offset + i) % count);
            if (!used.Contains(address))
                return address;
        }
        throw new NodeException(
            NodeErrorKind.InsufficientResources, $"All {count} addresses of this node's subnet {Cidr} are in use.");
    }

    /// <summary>How far an address is into the subnet.</summary>
    public uint OffsetOf(IPAddress address) =>
        Cidr.Contains(address)
            ? ToNumber(address) - _network
            : throw new ArgumentException($"{address} is not in {Cidr}", nameof(address));

    /// <summary>For example <c>02:00:00:64:00:05</c> for 10.100.0.5.</summary>
    public static string MacOf(IPAddress address)
    {
        var bytes = address.GetAddressBytes();
        return $"02:00:00:{bytes[1]:x2}:{bytes[2]:x2}:{bytes[3]:x2}";
    }

    internal static uint ToNumber(IPAddress address) => BinaryPrimitives.ReadUInt32BigEndian(address.GetAddressBytes());

    internal static IPAddress ToAddress(uint number)
    {
        Span<byte> bytes = stackalloc byte[4];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, number);
        return new IPAddress(bytes);
    }
}

using System.Net;
using System.Net.Sockets;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>An IPv4 address of a device.</summary>
internal readonly record struct DeviceAddress(int Device, IPAddress Address, int PrefixLength);

/// <summary>A way to an IPv4 network; prefix length zero is the default route.</summary>
internal readonly record struct Route(IPAddress Destination, int PrefixLength, int Device);

/// <summary>IPv4 addresses and routes.</summary>
internal static class RouteRequests
{
    private const ushort NewAddress = 20, GetAddress = 22, NewRoute = 24, GetRoute = 26;
    private const ushort Dump = 0x300, Replace = 0x100, Create = 0x400;
    private const byte MainTable = 254;

    internal static IReadOnlyList<DeviceAddress> ListAddresses(this NetlinkSocket socket)
    {
        const ushort address = 1, local = 2;
        return
        [
            .. socket.Request(new NetlinkMessage(GetAddress, Dump, AddressPart(0, 0)), "list addresses").Select(reply =>
            {
                var attributes = NetlinkAttributes.Read(reply[8..]);
                var own = attributes.TryGetValue(local, out var value) ? value : attributes[address];
                return new DeviceAddress(BitConverter.ToInt32(reply.Span[4..]), new IPAddress(own.Span), reply.Span[1]);
            }),
        ];
    }

    /// <summary>Repeating it is no error.</summary>
    internal static void SetAddress(this NetlinkSocket socket, int device, IPAddress ip, int prefixLength)
    {
        const ushort address = 1, local = 2;
        var message = new NetlinkMessage(NewAddress, Create | Replace, AddressPart(device, prefixLength))
            .Add(local, ip.GetAddressBytes())
            .Add(address, ip.GetAddressBytes());
        socket.Request(message, $"set address {ip}/{prefixLength}");
    }

    internal static IReadOnlyList<Route> ListRoutes(this NetlinkSocket socket)
    {
        const ushort destination = 1, device = 4;
        const int lengthOffset = 1, tableOffset = 4;
        return
        [
            .. socket.Request(new NetlinkMessage(GetRoute, Dump, RoutePart()), "list routes")
                .Where(reply => reply.Span[tableOffset] == MainTable)
                .Select(reply =>
                {
                    var attributes = NetlinkAttributes.Read(reply[12..]);
                    return new Route(
                        attributes.TryGetValue(destination, out var to) ? new IPAddress(to.Span) : IPAddress.Any,
                        reply.Span[lengthOffset],
                        attributes.TryGetValue(device, out var index) ? (int)index.Number() : 0);
                }),
        ];
    }

    /// <summary>Repeating it is no error.</summary>
    internal static void SetDefaultRoute(this NetlinkSocket socket, int device, IPAddress via)
    {
        const ushort outputDevice = 4, gateway = 5;
        var message = new NetlinkMessage(NewRoute, Create | Replace, RoutePart())
            .Add(gateway, via.GetAddressBytes())
            .Add(outputDevice, (uint)device);
        socket.Request(message, $"route everything via {via}");
    }

    /// <summary>struct ifaddrmsg</summary>
    private static byte[] AddressPart(int device, int prefixLength)
    {
        var bytes = new byte[8];
        (bytes[0], bytes[1]) = ((byte)AddressFamily.InterNetwork, (byte)prefixLength);
        BitConverter.TryWriteBytes(bytes.AsSpan(4), device);
        return bytes;
    }

    /// <summary>struct rtmsg of a static unicast route of the main table to everywhere.</summary>
    private static byte[] RoutePart()
    {
        const byte byAdministrator = 4, unicast = 1;
        return [(byte)AddressFamily.InterNetwork, 0, 0, 0, MainTable, byAdministrator, 0, unicast, 0, 0, 0, 0];
    }
}

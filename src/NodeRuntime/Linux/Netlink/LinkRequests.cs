using System.Net.NetworkInformation;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>Makes, changes and lists network devices.</summary>
internal static class LinkRequests
{
    private const ushort NewLink = 16, DeleteLink = 17, GetLink = 18;
    private const ushort Dump = 0x300, Exclusive = 0x200, Create = 0x400;
    private const ushort AddressAttribute = 1, NameAttribute = 3, MasterAttribute = 10, LinkInfo = 18, AliasAttribute = 20;
    private const ushort NamespaceDescriptor = 28;
    private const ushort KindAttribute = 1, DataAttribute = 2, PortKind = 4, PortData = 5;
    private const uint Up = 1;

    internal static IReadOnlyList<NetworkLink> ListLinks(this NetlinkSocket socket) =>
        [.. socket.Request(new NetlinkMessage(GetLink, Dump, Fixed(0)), "list devices").Select(NetworkLink.Parse)];

    /// <summary>Null when there is no such device.</summary>
    internal static NetworkLink? FindLink(this NetlinkSocket socket, string name)
    {
        try
        {
            var message = new NetlinkMessage(GetLink, 0, Fixed(0)).Add(NameAttribute, name);
            return NetworkLink.Parse(socket.Request(message, $"find device {name}")[0]);
        }
        catch (LinuxException e) when (e.Error == LinuxException.NoDevice)
        {
            return null;
        }
    }

    /// <summary>A bridge with a MAC of its own: else it takes that of some port, and guests lose their gateway when ports change.</summary>
    internal static void CreateBridge(this NetlinkSocket socket, string name, PhysicalAddress mac)
    {
        var message = new NetlinkMessage(NewLink, Create | Exclusive, Fixed(0))
            .Add(NameAttribute, name)
            .Add(AddressAttribute, mac.GetAddressBytes())
            .Nest(LinkInfo, info => info.Add(KindAttribute, "bridge"));
        socket.Request(message, $"create bridge {name}");
    }

    /// <summary>A cable from here into another namespace.</summary>
    internal static void CreateVeth(this NetlinkSocket socket, string name, string peerName, SafeFileHandle peerNamespace)
    {
        const ushort peer = 1;
        var message = new NetlinkMessage(NewLink, Create | Exclusive, Fixed(0))
            .Add(NameAttribute, name)
            .Nest(LinkInfo, info => info
                .Add(KindAttribute, "veth")
                .Nest(DataAttribute, data => data.Nest(peer, end => end
                    .Add(NameAttribute, peerName)
                    .Add(NamespaceDescriptor, (uint)peerNamespace.DangerousGetHandle()), Fixed(0))));
        socket.Request(message, $"create veth {name}");
    }

    internal static void SetUp(this NetlinkSocket socket, int index) =>
        socket.Request(new NetlinkMessage(NewLink, 0, Fixed(index, Up, Up)), $"bring up device {index}");

    internal static void SetAlias(this NetlinkSocket socket, int index, string alias) =>
        socket.Request(new NetlinkMessage(NewLink, 0, Fixed(index)).Add(AliasAttribute, alias), $"name device {index}");

    /// <summary>Plugs a device into a bridge as a port that reaches only ports that are not isolated.</summary>
    internal static void AddIsolatedPort(this NetlinkSocket socket, int index, int bridge)
    {
        const ushort isolated = 33;
        socket.Request(
            new NetlinkMessage(NewLink, 0, Fixed(index)).Add(MasterAttribute, (uint)bridge), $"add device {index} to the bridge");
        var isolate = new NetlinkMessage(NewLink, 0, Fixed(index)).Nest(LinkInfo, info => info
            .Add(PortKind, "bridge")
            .Nest(PortData, port => port.Add(isolated, (byte)1)));
        socket.Request(isolate, $"isolate device {index}");
    }

    /// <summary>Absent is no error.</summary>
    internal static void RemoveLink(this NetlinkSocket socket, string name)
    {
        try
        {
            socket.Request(new NetlinkMessage(DeleteLink, 0, Fixed(0)).Add(NameAttribute, name), $"delete device {name}");
        }
        catch (LinuxException e) when (e.Error == LinuxException.NoDevice)
        {
            // It is as it should be.
        }
    }

    /// <summary>struct ifinfomsg</summary>
    private static byte[] Fixed(int index, uint flags = 0, uint change = 0)
    {
        var bytes = new byte[16];
        BitConverter.TryWriteBytes(bytes.AsSpan(4), index);
        BitConverter.TryWriteBytes(bytes.AsSpan(8), flags);
        BitConverter.TryWriteBytes(bytes.AsSpan(12), change);
        return bytes;
    }
}

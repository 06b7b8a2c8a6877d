using System.Buffers.Binary;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>Connections that the kernel tracks.</summary>
internal static class TrackingRequests
{
    private const ushort Get = 1 << 8 | 1, Dump = 0x300;
    private const ushort MarkAttribute = 8, MarkMask = 21;

    /// <summary>struct nfgenmsg: of IPv4 and IPv6.</summary>
    private static readonly byte[] AnyFamily = [0, 0, 0, 0];

    /// <summary>The TCP connections with this mark. The kernel leaves out the others, which may be many more.</summary>
    internal static IReadOnlyList<TrackedFlow> ListFlows(this NetlinkSocket socket, uint mark)
    {
        var message = new NetlinkMessage(Get, Dump, AnyFamily)
            .Add(MarkAttribute, NetworkOrder(mark))
            .Add(MarkMask, NetworkOrder(uint.MaxValue));
        return [.. socket.Request(message, "list tracked connections").Select(TrackedFlow.Parse).OfType<TrackedFlow>()];
    }

    private static byte[] NetworkOrder(uint value)
    {
        var bytes = new byte[sizeof(uint)];
        BinaryPrimitives.WriteUInt32BigEndian(bytes, value);
        return bytes;
    }
}

using System.Buffers.Binary;
using System.Net;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>States of a TCP connection as the kernel tracks it (nf_conntrack_tcp.h).</summary>
internal enum TrackedState : byte
{
    None = 0,
    SynSent = 1,
    SynReceived = 2,
    Established = 3,
    FinWait = 4,
    CloseWait = 5,
    LastAck = 6,
    TimeWait = 7,
    Close = 8,
    SynSentByBoth = 9,
}

/// <summary>A TCP connection that the kernel tracks, as who began it made it.</summary>
/// <param name="Id">The kernel's; another connection between the same ports has another one.</param>
internal readonly record struct TrackedFlow(
    uint Id, IPAddress Source, int SourcePort, IPAddress Destination, int DestinationPort, TrackedState State)
{
    private const int FixedSize = 4;
    private const byte Tcp = 6;

    /// <summary>Somebody may still send something: it is being made, is there, or was ended by one side only.</summary>
    internal bool IsOpen => State is TrackedState.SynSent or TrackedState.SynSentByBoth or TrackedState.SynReceived
        or TrackedState.Established or TrackedState.FinWait or TrackedState.CloseWait;

    /// <summary>Null when it is no TCP connection.</summary>
    internal static TrackedFlow? Parse(ReadOnlyMemory<byte> reply)
    {
        const ushort original = 1, protocolInfo = 4, id = 12, tcpInfo = 1, tcpState = 1;
        const ushort addresses = 1, ports = 2, source4 = 1, destination4 = 2, source6 = 3, destination6 = 4;
        const ushort protocol = 1, sourcePort = 2, destinationPort = 3;
        var attributes = NetlinkAttributes.Read(reply[FixedSize..]);
        var tuple = NetlinkAttributes.Read(attributes[original]);
        var way = NetlinkAttributes.Read(tuple[ports]);
        if (way[protocol].Span[0] != Tcp)
            return null;
        var ends = NetlinkAttributes.Read(tuple[addresses]);
        var info = attributes.TryGetValue(protocolInfo, out var nested) ? NetlinkAttributes.Read(nested) : [];
        var tcp = info.TryGetValue(tcpInfo, out nested) ? NetlinkAttributes.Read(nested) : [];
        return new TrackedFlow(
            BinaryPrimitives.ReadUInt32BigEndian(attributes[id].Span),
            Address(source4, source6), Port(sourcePort), Address(destination4, destination6), Port(destinationPort),
            tcp.TryGetValue(tcpState, out var state) ? (TrackedState)state.Span[0] : TrackedState.None);

        IPAddress Address(ushort four, ushort six) => new((ends.TryGetValue(four, out var bytes) ? bytes : ends[six]).Span);
        int Port(ushort attribute) => BinaryPrimitives.ReadUInt16BigEndian(way[attribute].Span);
    }
}

using System.Net.NetworkInformation;

namespace Hypeman.NodeRuntime.Linux.Netlink;

/// <summary>A network device as the kernel describes it.</summary>
internal sealed record NetworkLink
{
    private const int FixedSize = 16;
    private const uint UpFlag = 1;

    internal required int Index { get; init; }
    internal required string Name { get; init; }
    internal bool IsUp { get; init; }
    internal int Master { get; init; }

    /// <summary>Free text that goes with the device.</summary>
    internal string? Alias { get; init; }

    /// <summary>For example <c>bridge</c>, <c>veth</c>, <c>tun</c>.</summary>
    internal string? Kind { get; init; }

    /// <summary>Who may open a TAP.</summary>
    internal uint? TapOwner { get; init; }

    internal PhysicalAddress Mac { get; init; } = PhysicalAddress.None;
    internal long ReceivedBytes { get; init; }
    internal long SentBytes { get; init; }

    internal static NetworkLink Parse(ReadOnlyMemory<byte> reply)
    {
        const ushort address = 1, name = 3, master = 10, linkInfo = 18, alias = 20, statistics = 23;
        const ushort kind = 1, data = 2, tapOwner = 1;
        const int receivedOffset = 16, sentOffset = 24;
        var attributes = NetlinkAttributes.Read(reply[FixedSize..]);
        var info = attributes.TryGetValue(linkInfo, out var nested) ? NetlinkAttributes.Read(nested) : [];
        var kindName = info.TryGetValue(kind, out var text) ? text.Text() : null;
        var kindData = kindName == "tun" && info.TryGetValue(data, out nested) ? NetlinkAttributes.Read(nested) : [];
        var counters = attributes.GetValueOrDefault(statistics);
        return new NetworkLink
        {
            Index = BitConverter.ToInt32(reply.Span[4..]),
            IsUp = (BitConverter.ToUInt32(reply.Span[8..]) & UpFlag) != 0,
            Name = attributes[name].Text(),
            Alias = attributes.TryGetValue(alias, out var words) ? words.Text() : null,
            Master = attributes.TryGetValue(master, out var index) ? (int)index.Number() : 0,
            Kind = kindName,
            TapOwner = kindData.TryGetValue(tapOwner, out var owner) ? owner.Number() : null,
            Mac = attributes.TryGetValue(address, out var mac) ? new PhysicalAddress(mac.ToArray()) : PhysicalAddress.None,
            ReceivedBytes = counters.Length > 0 ? BitConverter.ToInt64(counters.Span[receivedOffset..]) : 0,
            SentBytes = counters.Length > 0 ? BitConverter.ToInt64(counters.Span[sentOffset..]) : 0,
        };
    }
}

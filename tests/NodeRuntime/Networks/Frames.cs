using System.Net;
using System.Net.NetworkInformation;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>Ethernet frames that an honest IP stack would not send.</summary>
public static class Frames
{
    /// <summary>"This address is mine", to all.</summary>
    public static byte[] GratuitousArp(string mac, IPAddress ip)
    {
        var sender = PhysicalAddress.Parse(mac).GetAddressBytes();
        byte[] everyone = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        byte[] arpType = [8, 6], ethernetIpv4Reply = [0, 1, 8, 0, 6, 4, 0, 2];
        return
        [
            .. everyone, .. sender, .. arpType, .. ethernetIpv4Reply,
            .. sender, .. ip.GetAddressBytes(), .. everyone, .. ip.GetAddressBytes(),
        ];
    }
}

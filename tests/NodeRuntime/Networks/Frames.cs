using System.Net;
using System.Net.NetworkInformation;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>Ethernet frames that an honest IP stack would not send.</summary>
public static class Frames
{
    /// <summary>"The MAC of this address is that", to all, from some device.</summary>
    public static byte[] Arp(string sourceMac, string claimedMac, IPAddress claimedIp)
    {
        byte[] everyone = [0xff, 0xff, 0xff, 0xff, 0xff, 0xff];
        byte[] arpType = [8, 6], ethernetIpv4Reply = [0, 1, 8, 0, 6, 4, 0, 2];
        return
        [
            .. everyone, .. Bytes(sourceMac), .. arpType, .. ethernetIpv4Reply,
            .. Bytes(claimedMac), .. claimedIp.GetAddressBytes(), .. everyone, .. claimedIp.GetAddressBytes(),
        ];
    }

    private static byte[] Bytes(string mac) => PhysicalAddress.Parse(mac).GetAddressBytes();
}

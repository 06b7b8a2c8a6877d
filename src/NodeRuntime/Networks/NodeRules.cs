using System.Globalization;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The packet rules inside a node's namespace, as input of <c>nft -f</c>, which applies each text wholly or not at
/// all. Every text may be applied again.
/// <code>
///   VM frame ─▶ bridge prerouting: chain of its TAP: own MAC and address only, upload rate ─▶ bridge (isolated ports)
///            ─▶ to the node itself: only answers, and ping          (input)
///            ─▶ to the outside through the uplink, masqueraded      (forward, postrouting); never to another VM
///   the node itself ─▶ VM: the connection is marked, so that it can be listed   (output)
/// </code>
/// </summary>
internal static class NodeRules
{
    /// <summary>What one VM may send per second at the least, in one go: the largest frame a guest hands over at once.</summary>
    private const long MinBurstBytes = 128 * 1024;
    private const int BurstsPerSecond = 4;

    /// <summary>Of connections to VMs, which keep them awake.</summary>
    internal const uint UseMark = 1;

    /// <summary>Of sockets whose connections do not, and of these.</summary>
    internal const uint WatchMark = 2;

    /// <summary>All that does not depend on VMs. Leaves the chains of the VMs as they are.</summary>
    internal static readonly string Base =
        $$"""
        add table bridge hypeman
        add map bridge hypeman guests { type ifname : verdict; }
        add chain bridge hypeman from_guest { type filter hook prerouting priority -200; policy accept; }
        flush chain bridge hypeman from_guest
        add rule bridge hypeman from_guest iifname vmap @guests
        add rule bridge hypeman from_guest iifname "{{NetworkNames.TapPrefix}}*" drop
        add map bridge hypeman receivers { type ifname : verdict; }
        add chain bridge hypeman to_guest { type filter hook postrouting priority 0; policy accept; }
        flush chain bridge hypeman to_guest
        add rule bridge hypeman to_guest oifname vmap @receivers
        add table inet hypeman
        add chain inet hypeman to_node { type filter hook input priority 0; policy drop; }
        flush chain inet hypeman to_node
        add rule inet hypeman to_node iifname "lo" accept
        add rule inet hypeman to_node ct state established,related accept
        add rule inet hypeman to_node iifname "{{NetworkNames.Bridge}}" icmp type echo-request accept
        add rule inet hypeman to_node iifname "{{NetworkNames.Bridge}}" meta l4proto tcp reject with tcp reset
        add rule inet hypeman to_node iifname "{{NetworkNames.Bridge}}" reject with icmpx type admin-prohibited
        add chain inet hypeman through_node { type filter hook forward priority 0; policy drop; }
        flush chain inet hypeman through_node
        add rule inet hypeman through_node ct state established,related accept
        add rule inet hypeman through_node oifname "{{NetworkNames.Bridge}}" reject with icmpx type admin-prohibited
        add rule inet hypeman through_node ip daddr 169.254.0.0/16 reject with icmpx type admin-prohibited
        add rule inet hypeman through_node iifname "{{NetworkNames.Bridge}}" oifname "{{NetworkNames.Uplink}}" accept
        add chain inet hypeman out { type nat hook postrouting priority 100; }
        flush chain inet hypeman out
        add rule inet hypeman out oifname "{{NetworkNames.Uplink}}" masquerade
        add chain inet hypeman from_node { type filter hook output priority 0; policy accept; }
        flush chain inet hypeman from_node
        add rule inet hypeman from_node oifname "{{NetworkNames.Bridge}}" ct state new meta mark 0 ct mark set {{UseMark}}
        add rule inet hypeman from_node oifname "{{NetworkNames.Bridge}}" ct state new meta mark {{WatchMark}} ct mark set {{WatchMark}}

        """;

    /// <summary>For tables that an older version of us made and <see cref="Base"/> cannot be applied to.</summary>
    internal const string Forget =
        """
        add table bridge hypeman
        delete table bridge hypeman
        add table inet hypeman
        delete table inet hypeman

        """;

    /// <summary>Lets a VM send from its address and no other.</summary>
    /// <param name="tap">The VM's.</param>
    /// <param name="mac">The VM's.</param>
    /// <param name="ip">The VM's.</param>
    /// <param name="uploadBytesPerSecond">Zero for no limit.</param>
    /// <param name="downloadBytesPerSecond">Zero for no limit; null when the limit is not for the rules to keep.</param>
    internal static string Admit(string tap, string mac, string ip, long uploadBytesPerSecond, long? downloadBytesPerSecond = null)
    {
        var limit = Limit(tap, uploadBytesPerSecond);
        var receiver = downloadBytesPerSecond is { } rate
            ? $$"""
              add chain bridge hypeman {{tap}}.in
              flush chain bridge hypeman {{tap}}.in
              {{Limit($"{tap}.in", rate)}}add element bridge hypeman receivers { "{{tap}}" : goto {{tap}}.in }

              """
            : "";
        return
            $$"""
            add chain bridge hypeman {{tap}}
            flush chain bridge hypeman {{tap}}
            add rule bridge hypeman {{tap}} ether saddr != {{mac}} drop
            {{limit}}add rule bridge hypeman {{tap}} ether type ip ip saddr {{ip}} accept
            add rule bridge hypeman {{tap}} ether type arp arp saddr ether {{mac}} arp saddr ip {{ip}} accept
            add rule bridge hypeman {{tap}} drop
            {{receiver}}add element bridge hypeman guests { "{{tap}}" : goto {{tap}} }

            """;
    }

    /// <summary>Removes what <see cref="Admit"/> added. It is added first, because removing what is absent is an error.</summary>
    internal static string Dismiss(string tap) =>
        $$"""
        add chain bridge hypeman {{tap}}
        add element bridge hypeman guests { "{{tap}}" : goto {{tap}} }
        delete element bridge hypeman guests { "{{tap}}" }
        delete chain bridge hypeman {{tap}}
        add chain bridge hypeman {{tap}}.in
        add element bridge hypeman receivers { "{{tap}}" : goto {{tap}}.in }
        delete element bridge hypeman receivers { "{{tap}}" }
        delete chain bridge hypeman {{tap}}.in

        """;

    private static string Limit(string chain, long bytesPerSecond) => bytesPerSecond == 0 ? "" : string.Create(
        CultureInfo.InvariantCulture,
        $"""
         add rule bridge hypeman {chain} limit rate over {bytesPerSecond} bytes/second burst {BurstOf(bytesPerSecond)} bytes drop

         """);

    private static long BurstOf(long bytesPerSecond) => Math.Max(MinBurstBytes, bytesPerSecond / BurstsPerSecond);
}

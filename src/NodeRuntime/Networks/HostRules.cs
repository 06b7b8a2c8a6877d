namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The one table of a node in the host's rules: its VMs may go out through the host, and may not go to the host. As
/// input of <c>nft -f</c>; may be applied again.
/// </summary>
internal static class HostRules
{
    internal static string Admit(string table, string device, string link) =>
        $$"""
        add table ip {{table}}
        delete table ip {{table}}
        table ip {{table}} {
            chain through_host {
                type filter hook forward priority 0; policy accept;
                iifname "{{device}}" accept
                oifname "{{device}}" ct state established,related accept
                oifname "{{device}}" drop
            }
            chain to_host {
                type filter hook input priority 0; policy accept;
                iifname "{{device}}" ct state established,related accept
                iifname "{{device}}" reject with icmp type admin-prohibited
            }
            chain out {
                type nat hook postrouting priority 100;
                ip saddr {{link}} oifname != "{{device}}" masquerade
            }
        }

        """;

    internal static string Dismiss(string table) =>
        $"""
        add table ip {table}
        delete table ip {table}

        """;
}

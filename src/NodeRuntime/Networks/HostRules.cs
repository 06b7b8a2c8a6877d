namespace Hypeman.NodeRuntime.Networks;

/// <summary>
/// The one table of a node in the host's rules: its VMs may go out through the host, and may not go to the host. TCP
/// is told of a smaller MTU outside, as networks often lose the messages that should. As input of <c>nft -f</c>; may be
/// applied again.
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
                iifname "{{device}}" tcp flags syn tcp option maxseg size set rt mtu
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

    /// <summary>
    /// A chain of someone else (Docker, a firewall) that drops what it does not know, so our VMs too: what one chain
    /// accepts another may still drop. Null when there is none.
    /// </summary>
    /// <param name="chains">Output of <c>nft list chains ip</c>.</param>
    internal static string? FindBlocker(string chains)
    {
        var (table, chain) = ("", "");
        foreach (var line in chains.Split('\n').Select(line => line.Trim().Split(' ')))
        {
            if (line is ["table", .., var tableName, "{"])
                table = tableName;
            else if (line is ["chain", var chainName, "{"])
                chain = chainName;
            else if (line is ["type", "filter", "hook", "forward", .., "policy", "drop;"])
                return $"{table} {chain}";
        }
        return null;
    }
}

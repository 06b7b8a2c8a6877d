using System.ComponentModel.DataAnnotations;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>The network of a node's VMs.</summary>
public sealed class NodeNetworkOptions
{
    /// <summary>
    /// Addresses of the VMs; the first is the gateway's. Each node has its own, so all may use the same. It must not
    /// hold an address that VMs want to reach outside.
    /// </summary>
    [Required]
    public string SubnetCidr { get; set; } = "10.100.0.0/16";

    /// <summary>
    /// Pool of the small networks (four addresses each) between this host and its nodes. Link-local by default: such
    /// addresses are routed nowhere else.
    /// </summary>
    [Required]
    public string LinkCidr { get; set; } = "169.254.96.0/20";

    /// <summary>What the guests ask for names.</summary>
    [MinLength(1)]
    public string[] DnsServers { get; set; } = ["1.1.1.1"];

    /// <summary>The device through which answers from outside come in; null means that of the default route.</summary>
    public string? UplinkInterface { get; set; }

    /// <summary>
    /// Group of all users that run VMs, and the start of their range: the user of a VM is this plus the offset of its
    /// address in the subnet.
    /// </summary>
    public uint UidBase { get; set; } = 600_000_000;
}

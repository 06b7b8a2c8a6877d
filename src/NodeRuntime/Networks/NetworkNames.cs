using System.Security.Cryptography;
using System.Text;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>Names of what a node makes. A device's name has at most 15 characters.</summary>
internal static class NetworkNames
{
    internal const string Bridge = "vmbr0";
    internal const string Uplink = "uplink0";
    internal const string TapPrefix = "hype-";

    /// <summary>The one table in the host's own rules per node starts so.</summary>
    internal const string HostTablePrefix = "hypeman_node_";

    private const int ShortLength = 8, HashLength = 10;

    /// <summary>Of the namespace, and of the host's end of the cable into it.</summary>
    internal static string Namespace(string nodeId) => "hm-" + nodeId[..ShortLength];

    internal static string HostTable(string nodeId) => HostTablePrefix + nodeId[..ShortLength];

    /// <summary>The name people expect: the start of the VM's id.</summary>
    internal static string Tap(string vmId) => TapPrefix + vmId[..Math.Min(ShortLength, vmId.Length)];

    /// <summary>For the second of two VMs whose ids start alike.</summary>
    internal static string SecondTap(string vmId) =>
        TapPrefix + Convert.ToHexStringLower(SHA256.HashData(Encoding.UTF8.GetBytes(vmId)))[..HashLength];
}

using System.Text.Json;
using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Who a guest is, as it is told when it boots and when it wakes.</summary>
internal static class VmIdentity
{
    internal static GuestIdentity Of(VmSpec spec, VmAddress address) => new()
    {
        Hostname = spec.Hostname,
        Network = spec.NetworkEnabled ? Describe(address) : null,
        MachineId = spec.MachineId,
    };

    /// <summary>All of it, as a text that is the same for the same.</summary>
    internal static string TextOf(GuestIdentity identity) => JsonSerializer.Serialize(identity);

    private static GuestNetwork Describe(VmAddress address) => new()
    {
        Mac = address.Mac,
        Ip = address.Ip.ToString(),
        Prefix = address.PrefixLength,
        Gateway = address.Gateway.ToString(),
        Dns = [.. address.DnsServers.Select(server => server.ToString())],
    };
}

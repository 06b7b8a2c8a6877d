using System.Net;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Which VM of this host has which address; each keeps its own for life.</summary>
internal sealed class VmAddressBook(NodeNetwork network)
{
    private readonly Lock gate = new();
    private readonly Dictionary<string, IPAddress> addresses = [];

    /// <summary>The address of this VM, picked when it has none.</summary>
    /// <exception cref="Errors.NodeException">InsufficientResources.</exception>
    internal VmAddress Take(string id)
    {
        lock (gate)
        {
            if (!addresses.TryGetValue(id, out var ip))
                addresses[id] = ip = network.Allocate(addresses.Values.ToHashSet()).Ip;
            return network.AddressOf(ip);
        }
    }

    /// <summary>Notes what a ledger says.</summary>
    internal void Restore(string id, IPAddress ip)
    {
        lock (gate)
            addresses[id] = ip;
    }

    internal void Release(string id)
    {
        lock (gate)
            addresses.Remove(id);
    }
}

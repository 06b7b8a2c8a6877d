using System.Net;
using Hypeman.NodeRuntime.Networks;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Which VM of this host has which address; each keeps its own for life.</summary>
internal sealed class VmAddressBook(NodeNetwork network)
{
    private readonly Lock _gate = new();
    private readonly Dictionary<string, IPAddress> _addresses = [];

    /// <summary>The address of this VM, picked when it has none.</summary>
    /// <exception cref="Errors.NodeException">InsufficientResources.</exception>
    internal VmAddress Take(string id)
    {
        lock (_gate)
        {
            if (!_addresses.TryGetValue(id, out var ip))
                _addresses[id] = ip = network.Allocate(_addresses.Values.ToHashSet()).Ip;
            return network.AddressOf(ip);
        }
    }

    /// <summary>Notes what a ledger says.</summary>
    internal void Restore(string id, IPAddress ip)
    {
        lock (_gate)
            _addresses[id] = ip;
    }

    internal void Release(string id)
    {
        lock (_gate)
            _addresses.Remove(id);
    }
}

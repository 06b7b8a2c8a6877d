using System.Net;

namespace Hypeman.Contracts.Instances.Policies;

/// <summary>The connections to an instance that do not keep it awake, in a form to ask often.</summary>
public sealed class IgnoredTraffic(AutoStandbyPolicy policy)
{
    private readonly IPNetwork[] _sources = [.. policy.IgnoredSources.Select(IPNetwork.Parse)];
    private readonly HashSet<int> _ports = [.. policy.IgnoredPorts];

    /// <summary>From there.</summary>
    public bool Covers(IPAddress source)
    {
        var address = source.IsIPv4MappedToIPv6 ? source.MapToIPv4() : source;
        foreach (var network in _sources)
            if (network.Contains(address))
                return true;
        return false;
    }

    /// <summary>To this port of the instance.</summary>
    public bool Covers(int port) => _ports.Contains(port);
}

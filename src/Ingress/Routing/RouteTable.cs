using System.Collections.Immutable;
using Hypeman.Contracts.Ingresses;

namespace Hypeman.Ingress.Routing;

/// <summary>Where requests for one host and port go.</summary>
internal sealed record Route(string IngressId, string Instance, int Port);

/// <summary>
/// The rules of all ingresses, found by host and port in one step however many there are. One writer.
/// </summary>
internal sealed class RouteTable
{
    private readonly ClaimTable<(string Host, int Port), Route> _routes = new();
    private readonly Dictionary<string, int[]> _portsOf = [];
    private readonly Dictionary<int, int> _uses = [];

    /// <summary>The ports that some rule is for.</summary>
    public ImmutableSortedSet<int> Ports { get; private set; } = [];

    public Route? Find(string host, int port) => _routes.Find((host, port));

    public void Set(IngressInfo ingress)
    {
        var routes = new Dictionary<(string, int), Route>();
        // A rule with TLS is not for the clear: it is left out until certificates can be served.
        foreach (var rule in ingress.Rules.Where(rule => !rule.Tls))
            if (Hostname.Normalize(rule.Hostname) is { Length: > 0 } host)
                routes.TryAdd((host, rule.Port), new Route(ingress.Id, rule.TargetInstance, rule.TargetPort));
        _routes.Set(ingress.Id, ingress.CreatedAt, routes);
        UsePorts(ingress.Id, [.. routes.Keys.Select(key => key.Item2).Distinct()]);
    }

    public void Remove(string ingressId)
    {
        _routes.Remove(ingressId);
        UsePorts(ingressId, []);
    }

    private void UsePorts(string ingressId, int[] ports)
    {
        foreach (var port in _portsOf.GetValueOrDefault(ingressId, []))
            if (--_uses[port] == 0)
                _uses.Remove(port);
        foreach (var port in ports)
            _uses[port] = _uses.GetValueOrDefault(port) + 1;
        if (ports.Length == 0)
            _portsOf.Remove(ingressId);
        else
            _portsOf[ingressId] = ports;
        if (!Ports.SetEquals(_uses.Keys))
            Ports = [.. _uses.Keys];
    }
}

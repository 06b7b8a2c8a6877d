using System.Collections.Immutable;
using Hypeman.Contracts.Ingresses;
using Hypeman.Contracts.Instances;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Options;

namespace Hypeman.Ingress.Routing;

/// <summary>Where requests for one host and port go.</summary>
/// <param name="IngressId">Whose rule it is.</param>
/// <param name="Rule">Host and port as the rule has them, which no other rule has.</param>
/// <param name="Instance">Name or id.</param>
/// <param name="Port">Of the instance.</param>
/// <param name="Tls">Callers speak HTTPS.</param>
/// <param name="HeaderAuth">What requests must carry; null: nothing.</param>
/// <param name="Wake">Which instances a request wakes.</param>
/// <param name="WakeFilter">Which requests do; null: all.</param>
/// <param name="Redirect">The port of https that callers are sent to; null: they are answered.</param>
/// <param name="IsApi">It leads to the API and to no instance.</param>
/// <param name="IsCaptured">The instance is what the hostname says, so that it may well be none.</param>
internal sealed record Route(
    string IngressId, string Rule, string Instance, int Port, bool Tls = false, HeaderSecret? HeaderAuth = null, WakeOn Wake = WakeOn.Standby,
    WakeFilter? WakeFilter = null, int? Redirect = null, bool IsApi = false, bool IsCaptured = false)
{
    /// <summary>Whether a request is to wait until the instance runs.</summary>
    public bool Wakes(InstancePhase phase, HttpRequest request) => Wakes(phase) && IsWorthAWake(request);

    /// <summary>Whether an instance is to be awake for it.</summary>
    public bool IsWorthAWake(HttpRequest request) =>
        WakeFilter?.Passes(request.Path.Value ?? "", request.Headers.UserAgent.ToString()) is null or true;

    private bool Wakes(InstancePhase phase) => phase switch
    {
        // Paused: it is just being put to sleep, or copied. Created: it is just being started, or woken.
        InstancePhase.Standby or InstancePhase.Paused or InstancePhase.Created => Wake != WakeOn.Never,
        InstancePhase.Stopped or InstancePhase.Shutdown => Wake == WakeOn.Stopped,
        InstancePhase.Initializing or InstancePhase.Running or InstancePhase.Unknown => false,
    };
}

/// <summary>
/// The rules of all ingresses, found by host and port in one step however many there are; a hostname that is written out
/// counts before a pattern, and the API's own before all. One writer.
/// </summary>
internal sealed class RouteTable
{
    private const string ApiOwner = "api";

    private readonly Dictionary<(string Host, int Port), Route> _ofApi = [];
    private readonly ClaimTable<(string Host, int Port), Route> _routes = new();
    private readonly PatternTable _patterns = new();
    private readonly UseCount<int> _ports = new();

    /// <summary>The ports that some rule is for.</summary>
    public ImmutableSortedSet<int> Ports { get; private set; } = [];

    /// <summary>How many rules there are.</summary>
    public int Count => _routes.Count + _patterns.Count;

    public RouteTable(IOptions<IngressOptions> options)
    {
        var api = options.Value;
        if (api.ApiHostname.Length == 0)
            return;
        if (!api.ApiTls || api.ApiRedirectHttp)
            _ofApi[(api.ApiHostname, IngressRule.HttpPort)] = OfApi(IngressRule.HttpPort, api.ApiTls ? IngressRule.HttpsPort : null);
        if (api.ApiTls)
            _ofApi[(api.ApiHostname, IngressRule.HttpsPort)] = OfApi(IngressRule.HttpsPort, null);
        UsePorts(ApiOwner, _ofApi.Keys.Select(key => key.Port));

        Route OfApi(int port, int? redirect) => new(
            ApiOwner, $"{api.ApiHostname}:{port}", ApiOwner, port, Tls: port == IngressRule.HttpsPort, Redirect: redirect, IsApi: true);
    }

    public Route? Find(string host, int port) =>
        _ofApi.GetValueOrDefault((host, port)) ?? _routes.Find((host, port)) ?? _patterns.Find(host, port);

    public void Set(IngressInfo ingress)
    {
        var routes = new Dictionary<(string, int), Route>();
        var patterns = new Dictionary<(string, int), PatternRoute>();
        foreach (var rule in ingress.Rules)
        {
            var host = HostPattern.Parse(rule.Hostname);
            var route = new Route(
                ingress.Id, $"{host}:{rule.Port}", rule.TargetInstance, rule.TargetPort, rule.Tls, rule.HeaderAuth, rule.Wake, rule.WakeFilter);
            Add(host, rule.Port, route);
            if (rule.RedirectHttp)
                Add(host, IngressRule.HttpPort, route with { Rule = $"{host}:{IngressRule.HttpPort}", Tls = false, Redirect = rule.Port });
        }
        _routes.Set(ingress.Id, ingress.CreatedAt, routes);
        _patterns.Set(ingress.Id, ingress.CreatedAt, patterns);
        UsePorts(ingress.Id, routes.Keys.Concat(patterns.Keys).Select(key => key.Item2));

        void Add(HostPattern host, int port, Route route)
        {
            if (host.IsLiteral)
                routes.TryAdd((host.ToString(), port), route);
            else
                patterns.TryAdd((host.Shape, port), new PatternRoute(host, route));
        }
    }

    public void Remove(string ingressId)
    {
        _routes.Remove(ingressId);
        _patterns.Remove(ingressId);
        UsePorts(ingressId, []);
    }

    private void UsePorts(string ingressId, IEnumerable<int> ports)
    {
        if (_ports.Set(ingressId, ports))
            Ports = [.. _ports.Keys];
    }
}

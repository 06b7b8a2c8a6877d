using Hypeman.Contracts.Nodes;
using Hypeman.Ingress.Listening;
using Hypeman.Ingress.Routing;
using Hypeman.Ingress.Waking;

namespace Hypeman.Ingress.Traffic;

/// <summary>How this ingress is, for operators.</summary>
internal sealed class IngressProbe(IngressServer server, RouteFeed feed, RouteTable routes, IngressMetrics metrics, WakeRoom wakes) : IIngressProbe
{
    public IngressHealth Look() => new()
    {
        Condition = !feed.IsSynced ? IngressCondition.Starting : WhyDegraded() is null ? IngressCondition.Ready : IngressCondition.Degraded,
        Reason = feed.IsSynced ? WhyDegraded() : null,
        Port = server.Port,
        Rules = routes.Count,
        OpenRequests = metrics.Open,
        WaitingRequests = wakes.Waiting,
    };

    private string? WhyDegraded() =>
        !feed.IsFollowing ? "the index cannot be watched: it serves what it knew last"
        : server.RefusedPorts is { IsEmpty: false } refused ? $"other programs hold ports of rules: {string.Join(", ", refused)}"
        : null;
}

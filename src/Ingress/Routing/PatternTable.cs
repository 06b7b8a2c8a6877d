using System.Collections.Frozen;
using System.Numerics;
using Hypeman.Contracts.Ingresses;

namespace Hypeman.Ingress.Routing;

/// <summary>
/// The rules whose hostnames are patterns. A look-up takes a step for each way in which the patterns of its port and
/// length place their captures, of which there are few, however many patterns there are. Of those that fit, the one with the
/// fewest captures counts; of these, the one whose captures are farthest to the left. One writer, any number of readers.
/// </summary>
internal sealed class PatternTable
{
    private readonly ClaimTable<(string Shape, int Port), PatternRoute> _routes = new();
    private readonly UseCount<PatternKind> _kinds = new();
    private volatile FrozenDictionary<(int Port, int Labels), uint[]> _masks = FrozenDictionary<(int, int), uint[]>.Empty;

    public int Count => _routes.Count;

    public Route? Find(string host, int port)
    {
        if (_masks.Count == 0)
            return null;
        var labels = host.Split('.', HostPattern.MostLabels + 1);
        if (!_masks.TryGetValue((port, labels.Length), out var masks))
            return null;
        foreach (var mask in masks)
            if (_routes.Find((HostPattern.ShapeOf(labels, mask), port)) is { } found && found.For(labels) is { } route)
                return route;
        return null;
    }

    public void Set(string ingress, DateTimeOffset since, IReadOnlyDictionary<(string Shape, int Port), PatternRoute> routes)
    {
        _routes.Set(ingress, since, routes);
        Use(ingress, routes.Select(route => new PatternKind(route.Key.Port, route.Value.Host.Labels, route.Value.Host.CaptureMask)));
    }

    public void Remove(string ingress)
    {
        _routes.Remove(ingress);
        Use(ingress, []);
    }

    private void Use(string ingress, IEnumerable<PatternKind> kinds)
    {
        if (!_kinds.Set(ingress, kinds))
            return;
        _masks = _kinds.Keys.GroupBy(kind => (kind.Port, kind.Labels)).ToFrozenDictionary(
            group => group.Key, group => group.Select(kind => kind.Mask).OrderBy(BitOperations.PopCount).ThenBy(mask => mask).ToArray());
    }

    private readonly record struct PatternKind(int Port, int Labels, uint Mask);
}

/// <summary>A rule whose target is named by what its hostname captures.</summary>
/// <param name="Host">The pattern.</param>
/// <param name="Route">With captures in the name of its instance.</param>
internal sealed record PatternRoute(HostPattern Host, Route Route)
{
    /// <summary>Null when what stands in the place of a capture is no label.</summary>
    public Route? For(string[] labels) => Host.Fill(Route.Instance, labels) is { } instance ? Route with { Instance = instance, IsCaptured = true } : null;
}

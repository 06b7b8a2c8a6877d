using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// Which nodes can take an instance, by what they are; whether one has room at this moment is for its own books to
/// say (<see cref="NodeBooks"/>). Pure.
/// </summary>
internal static class PlacementDecision
{
    /// <summary>The nodes to be tried, in an order that spreads instances evenly.</summary>
    /// <exception cref="HypemanException"><c>invalid_request</c>, <c>insufficient_resources</c>: why none can take it.</exception>
    public static IReadOnlyList<NodeInfo> Candidates(
        IReadOnlyList<NodeInfo> nodes, InstanceSpec spec, string platform, string instanceId)
    {
        var left = Keep(nodes, node => node.Platform == platform, () => HypemanException.Invalid(
            "invalid_request", $"image is for {platform}; nodes here run {Words(nodes.Select(node => node.Platform))}"));
        left = Keep(left, node => spec.Hypervisor is null ? node.Hypervisors.Count > 0 : node.Hypervisors.Contains(spec.Hypervisor),
            () => HypemanException.Invalid("invalid_request", spec.Hypervisor is null
                ? "no hypervisor works on any node"
                : $"hypervisor: '{spec.Hypervisor}' is not available; use {Words(nodes.SelectMany(node => node.Hypervisors))}"));
        left = Keep(left, node => node.MemoryBytes >= spec.MemoryBytes + spec.HotplugBytes, () => Short("memory"));
        left = Keep(left, node => node.DiskBytes >= spec.OverlayBytes, () => Short("disk"));
        return [.. Rendezvous.Order(left, instanceId, node => node.Id)];
    }

    private static List<NodeInfo> Keep(
        IReadOnlyList<NodeInfo> nodes, Predicate<NodeInfo> fits, Func<HypemanException> refusal)
    {
        var left = nodes.Where(node => fits(node)).ToList();
        return left.Count > 0 ? left : throw refusal();
    }

    private static HypemanException Short(string what) => new(
        ErrorKind.InsufficientResources, "insufficient_resources", $"insufficient {what}: no node has that much");

    private static string Words(IEnumerable<string> words) =>
        words.Distinct().Order(StringComparer.Ordinal).ToList() is [_, ..] some ? string.Join(", ", some) : "none";
}

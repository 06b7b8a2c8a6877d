using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Grains.Nodes;

/// <summary>A node that an instance could be put on, as far as it is known.</summary>
/// <param name="Node">What it is.</param>
/// <param name="Load">What is promised on it; null when it did not say.</param>
/// <param name="Companions">Instances of the same spread group that it has.</param>
internal sealed record Candidate(NodeInfo Node, NodeLoad? Load, int Companions);

/// <summary>
/// Which nodes can take an instance by what they are, and which of some is the best by what is on them. Whether one has
/// room at the moment of the promise is for its own book to say (<see cref="NodeBook"/>). Pure.
/// </summary>
internal static class PlacementDecision
{
    /// <summary>The nodes that can take it if they have room.</summary>
    /// <exception cref="HypemanException"><c>invalid_request</c>, <c>insufficient_resources</c>: why none can.</exception>
    public static IReadOnlyList<NodeInfo> Fitting(IReadOnlyList<KnownNode> nodes, InstanceSpec spec, string platform)
    {
        var placement = spec.Placement ?? new PlacementSpec();
        var wanted = placement.Node is { } name
            ? [Named(nodes, name, "placement.node")]
            : nodes.Where(node => node.Condition != NodeCondition.Removed).ToList();
        var open = wanted.Where(node => node.Condition == NodeCondition.Ready).Select(node => node.Info).ToList();
        if (open.Count == 0)
            throw NoneOpen(wanted, placement.Node);
        var left = Keep(open, node => placement.Labels.All(label => node.Labels.GetValueOrDefault(label.Key) == label.Value), () =>
            HypemanException.Invalid("invalid_request", $"placement.labels: no node that takes instances has {Words(placement.Labels)}"));
        left = Keep(left, node => node.Platform == platform, () => HypemanException.Invalid(
            "invalid_request", $"image is for {platform}; nodes here run {Words(left.Select(node => node.Platform))}"));
        return Keep(left, node => spec.Hypervisor is null ? node.Hypervisors.Count > 0 : node.Hypervisors.Contains(spec.Hypervisor),
            () => HypemanException.Invalid("invalid_request", spec.Hypervisor is null
                ? "no hypervisor works on any node"
                : $"hypervisor: '{spec.Hypervisor}' is not available; use {Words(left.SelectMany(node => node.Hypervisors))}"));
    }

    /// <summary>Leaves one out, for an instance that is to leave it.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c>: there is no other.</exception>
    public static IReadOnlyList<NodeInfo> Except(IReadOnlyList<NodeInfo> fitting, string? id) => id is null ? fitting : Keep(
        fitting, node => node.Id != id, () => new HypemanException(
            ErrorKind.InsufficientResources, "insufficient_resources", "no other node that takes instances now can take it"));

    /// <summary>The nodes that can have an image.</summary>
    /// <exception cref="HypemanException">Why none can.</exception>
    public static IReadOnlyList<NodeInfo> Fitting(IReadOnlyList<KnownNode> nodes, ImageInfo image)
    {
        var there = nodes.Where(node => node.Condition != NodeCondition.Removed).ToList();
        var open = there.Where(node => node.Condition == NodeCondition.Ready).Select(node => node.Info).ToList();
        if (open.Count == 0)
            throw NoneOpen(there, named: null);
        return Keep(open, node => node.Platform == image.Platform, () => HypemanException.Invalid(
            "invalid_request", $"image is for {image.Platform}; nodes here run {Words(open.Select(node => node.Platform))}"));
    }

    /// <summary>The nodes that can have a snapshot; whether their processor is the right one is seen when it comes.</summary>
    /// <exception cref="HypemanException">Why none can.</exception>
    public static IReadOnlyList<NodeInfo> Fitting(IReadOnlyList<KnownNode> nodes, SnapshotInfo snapshot)
    {
        var there = nodes.Where(node => node.Condition != NodeCondition.Removed).ToList();
        var open = there.Where(node => node.Condition == NodeCondition.Ready).Select(node => node.Info).ToList();
        if (open.Count == 0)
            throw NoneOpen(there, named: null);
        return Keep(open, node => node.Hypervisors.Contains(snapshot.Hypervisor), () => HypemanException.Invalid(
            "invalid_request", $"snapshot is of {snapshot.Hypervisor}; nodes here have {Words(open.SelectMany(node => node.Hypervisors))}"));
    }

    /// <summary>Where there is the most room.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c>: none that answers has room for it.</exception>
    public static NodeInfo Best(IReadOnlyList<NodeInfo> nodes, IReadOnlyDictionary<string, NodeLoad> loads, SnapshotInfo snapshot) =>
        nodes.Where(node => loads.TryGetValue(node.Id, out var load) && load.FreeDiskBytes >= snapshot.SizeBytes)
            .MaxBy(node => loads[node.Id].FreeDiskBytes)
        ?? throw new HypemanException(
            ErrorKind.InsufficientResources, "insufficient_resources", $"no node that answers has {Mib(snapshot.SizeBytes)} MiB of disk for it");

    /// <summary>The node that a field of a request names.</summary>
    /// <exception cref="HypemanException"><c>invalid_request</c>: it names none, or several.</exception>
    public static KnownNode Named(IReadOnlyList<KnownNode> nodes, string name, string field)
    {
        try
        {
            return NodeDirectory.Pick(nodes, name);
        }
        catch (HypemanException unknown)
        {
            throw HypemanException.Invalid("invalid_request", $"{field}: {unknown.Message}");
        }
    }

    /// <summary>For what is to live on one node.</summary>
    /// <exception cref="HypemanException"><c>invalid_state</c>: the node takes no instances now.</exception>
    public static NodeInfo RequireOpen(IReadOnlyList<KnownNode> nodes, string id)
    {
        var node = NodeDirectory.Pick(nodes, id);
        return node.Condition == NodeCondition.Ready ? node.Info : throw HypemanException.InvalidState(
            $"node '{id}', where it would live, takes no instances now, it is {node.Condition.ToString().ToLowerInvariant()}");
    }

    /// <summary>Where it is already, else where there is the most room.</summary>
    /// <exception cref="HypemanException"><c>unavailable</c>: none of them answers.</exception>
    public static NodeInfo Best(IReadOnlyList<NodeInfo> nodes, IReadOnlyDictionary<string, NodeLoad> loads, ImageInfo image) =>
        nodes.Where(node => loads.ContainsKey(node.Id))
            .MaxBy(node => (loads[node.Id].HasRoot, loads[node.Id].FreeDiskBytes))
        ?? throw new HypemanException(ErrorKind.Unavailable, "unavailable", $"no node that could take image {image.Name} answers now");

    /// <summary>
    /// Those with room, the best first: fewest of the same group, then the emptiest after the instance is there. Where its
    /// image is, the instance itself does not count: that node is taken unless another is emptier by all of it.
    /// </summary>
    public static IEnumerable<NodeInfo> Best(IEnumerable<Candidate> candidates, NodeDemand demand) =>
        from candidate in candidates
        where candidate.Load is { } load && load.FreeMemoryBytes >= demand.MemoryBytes && load.FreeDiskBytes >= demand.DiskBytes
        orderby candidate.Companions, FullnessAfter(candidate, candidate.Load!.HasRoot ? default : demand)
        select candidate.Node;

    /// <summary>Says which resource was short, on how many nodes, and what would fit.</summary>
    public static HypemanException Refusal(IReadOnlyList<Candidate> candidates, NodeDemand demand)
    {
        var said = candidates.Where(candidate => candidate.Load is not null).ToList();
        List<string> reasons =
        [
            .. Short("memory", said, demand.MemoryBytes, load => load.FreeMemoryBytes),
            .. Short("disk", said, demand.DiskBytes, load => load.FreeDiskBytes),
        ];
        if (candidates.Count > said.Count)
            reasons.Add($"{Count(candidates.Count - said.Count)} did not answer");
        if (reasons.Count == 0)
            reasons.Add("what was free was taken by others meanwhile");
        return new HypemanException(ErrorKind.InsufficientResources, "insufficient_resources", string.Join("; ", reasons));
    }

    private static IEnumerable<string> Short(
        string what, List<Candidate> candidates, long wanted, Func<NodeLoad, long> freeOf)
    {
        var tight = candidates.Where(candidate => freeOf(candidate.Load!) < wanted).ToList();
        if (tight.Count == 0)
            yield break;
        var roomiest = candidates.MaxBy(candidate => freeOf(candidate.Load!))!;
        yield return $"insufficient {what}: {Mib(wanted)} MiB requested, {Count(tight.Count)} of {candidates.Count} "
            + $"{(tight.Count == 1 ? "has" : "have")} less; at most {Mib(Math.Max(0, freeOf(roomiest.Load!)))} MiB are free, "
            + $"on {roomiest.Node.Hostname} ({roomiest.Node.Id})";
    }

    private static double FullnessAfter(Candidate candidate, NodeDemand demand) => Math.Max(
        Share(candidate.Load!.FreeMemoryBytes - demand.MemoryBytes, candidate.Node.MemoryBytes),
        Share(candidate.Load.FreeDiskBytes - demand.DiskBytes, candidate.Node.DiskBytes));

    private static double Share(long free, long all) => all <= 0 ? 1 : 1 - ((double)free / all);

    private static HypemanException NoneOpen(IReadOnlyList<KnownNode> nodes, string? named)
    {
        var conditions = string.Join(", ", nodes.GroupBy(node => node.Condition).OrderBy(group => group.Key)
            .Select(group => $"{group.Count()} {group.Key.ToString().ToLowerInvariant()}"));
        if (named is not null)
            return new HypemanException(
                ErrorKind.Conflict, "invalid_state", $"placement.node: node '{named}' takes no instances now, it is {conditions[2..]}");
        return new HypemanException(
            ErrorKind.Unavailable, "unavailable", $"no node takes instances now ({(conditions.Length == 0 ? "there is none" : conditions)})");
    }

    private static List<NodeInfo> Keep(
        IReadOnlyList<NodeInfo> nodes, Predicate<NodeInfo> fits, Func<HypemanException> refusal)
    {
        var left = nodes.Where(node => fits(node)).ToList();
        return left.Count > 0 ? left : throw refusal();
    }

    private static string Count(int nodes) => nodes == 1 ? "1 node" : $"{nodes} nodes";

    private static long Mib(long bytes) => bytes / (1024 * 1024);

    private static string Words(IReadOnlyDictionary<string, string> labels) =>
        Words(labels.Select(label => $"{label.Key}={label.Value}"));

    private static string Words(IEnumerable<string> words) =>
        words.Distinct().Order(StringComparer.Ordinal).ToList() is [_, ..] some ? string.Join(", ", some) : "none";
}

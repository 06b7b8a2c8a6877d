using System.Diagnostics;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Nodes;

namespace Hypeman.Grains.Instances;

/// <summary>
/// Puts a new instance on a node: the best of a few, picked at random, so that many creates at once do not all see the
/// same emptiest node. Only when none of these has room are all of them asked.
/// </summary>
internal sealed class InstancePlacement(IGrainFactory grains, NodeDirectory nodes, NodeLoads loads, IResourceIndex index)
{
    private const int Few = 3;

    /// <summary>Nodes whose answer turned out to be out of date, before the caller is told that there is no room.</summary>
    private const int MostAttempts = 8;

    private Answer? _last;

    /// <exception cref="HypemanException"><c>insufficient_resources</c>, <c>invalid_request</c>, <c>name_conflict</c>.</exception>
    public async Task<InstanceInfo> PutAsync(InstanceSpec spec, ImageInfo image)
    {
        var demand = InstanceDemand.Of(spec, InstancePhase.Created);
        await foreach (var node in FindAsync(spec, image.Platform, image.Digest, demand))
            if (await TryAsync(node, demand, spec, image) is { } made)
                return made;
        throw new UnreachableException("The last node is followed by the refusal.");
    }

    /// <summary>Nodes that can take an instance and have room as far as they say, the best first; then the refusal.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c>, <c>invalid_request</c>.</exception>
    public async IAsyncEnumerable<NodeInfo> FindAsync(
        InstanceSpec spec, string platform, string imageDigest, NodeDemand demand, string? except = null)
    {
        var fitting = await nodes.JudgeAsync(known => PlacementDecision.Except(Fitting(known, spec, platform), except));
        var companions = await CompanionsAsync(spec.Placement?.SpreadGroup);

        var some = FewOf(fitting, companions).ToList();
        var few = Candidates(some, await loads.RecentAsync(some.Select(node => node.Id), imageDigest), companions);
        foreach (var node in PlacementDecision.Best(few, demand).Take(MostAttempts))
            yield return node;
        var all = Candidates(fitting, await loads.AskAsync(fitting.Select(node => node.Id), imageDigest), companions);
        foreach (var node in PlacementDecision.Best(all, demand).Take(MostAttempts))
            yield return node;
        throw PlacementDecision.Refusal(all, demand);
    }

    /// <summary>How many instances of a spread group each node has.</summary>
    public async Task<IReadOnlyDictionary<string, int>> CompanionsAsync(string? group)
    {
        var counts = new Dictionary<string, int>();
        if (group is null)
            return counts;
        var query = new ResourceQuery(ResourceKind.Instance) { Tags = new Dictionary<string, string> { [InstanceInfos.SpreadTag] = group } };
        await foreach (var row in index.ListAsync(query))
            counts[row.Home!] = counts.GetValueOrDefault(row.Home!) + 1;
        return counts;
    }

    // Most wishes are alike, and the nodes seldom change: a thousand of them are not looked through for each.
    private IReadOnlyList<NodeInfo> Fitting(IReadOnlyList<KnownNode> known, InstanceSpec spec, string platform)
    {
        if (spec.Placement is not (null or { Node: null, Labels.Count: 0 }))
            return PlacementDecision.Fitting(known, spec, platform);
        var last = Volatile.Read(ref _last);
        if (last is null || !ReferenceEquals(last.Known, known) || (last.Platform, last.Hypervisor) != (platform, spec.Hypervisor))
            Volatile.Write(ref _last, last = new Answer(known, platform, spec.Hypervisor, PlacementDecision.Fitting(known, spec, platform)));
        return last.Fitting;
    }

    private static IEnumerable<NodeInfo> FewOf(IReadOnlyList<NodeInfo> nodes, IReadOnlyDictionary<string, int> companions)
    {
        if (nodes.Count <= Few)
            return nodes;
        if (companions.Count > 0)
            return nodes.OrderBy(node => companions.GetValueOrDefault(node.Id)).ThenBy(_ => Random.Shared.Next()).Take(Few);
        var picked = new HashSet<int>();
        while (picked.Count < Few)
            picked.Add(Random.Shared.Next(nodes.Count));
        return picked.Select(at => nodes[at]);
    }

    private static IReadOnlyList<Candidate> Candidates(
        IReadOnlyList<NodeInfo> nodes, IReadOnlyDictionary<string, NodeLoad> known, IReadOnlyDictionary<string, int> companions) =>
        [.. nodes.Select(node => new Candidate(node, known.GetValueOrDefault(node.Id), companions.GetValueOrDefault(node.Id)))];

    private async Task<InstanceInfo?> TryAsync(NodeInfo node, NodeDemand demand, InstanceSpec spec, ImageInfo image)
    {
        try
        {
            // Each attempt has an id of its own: the grain of the one before was placed on another node.
            var order = new InstanceOrder { Spec = spec, Image = image, Home = node.Id };
            var made = await PlacementHint.CallNewAsync(node.Id, () => grains.Instance(ResourceId.New()).CreateAsync(order));
            loads.Count(node.Id, demand);
            return made;
        }
        catch (HypemanException full) when (full.Kind == ErrorKind.InsufficientResources)
        {
            loads.Forget(node.Id); // Others were faster.
            return null;
        }
    }

    /// <summary>Which nodes fit a wish that says nothing of them.</summary>
    private sealed record Answer(IReadOnlyList<KnownNode> Known, string Platform, string? Hypervisor, IReadOnlyList<NodeInfo> Fitting);
}

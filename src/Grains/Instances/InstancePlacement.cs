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
/// Puts a new instance on a node: the best of a few, picked by hash, so that many creates at once do not all see the
/// same emptiest node. Only when none of these has room are all of them asked.
/// </summary>
internal sealed class InstancePlacement(IGrainFactory grains, NodeDirectory nodes, NodeLoads loads, IResourceIndex index)
{
    private const int Few = 3;

    /// <summary>Nodes whose answer turned out to be out of date, before the caller is told that there is no room.</summary>
    private const int MostAttempts = 8;

    /// <exception cref="HypemanException"><c>insufficient_resources</c>, <c>invalid_request</c>, <c>name_conflict</c>.</exception>
    public async Task<InstanceInfo> PutAsync(InstanceSpec spec, ImageInfo image)
    {
        var demand = InstanceDemand.Of(spec, InstancePhase.Created);
        await foreach (var node in FindAsync(spec, image.Platform, image.Digest, demand))
            if (await TryAsync(node, spec, image) is { } made)
                return made;
        throw new UnreachableException("The last node is followed by the refusal.");
    }

    /// <summary>Nodes that can take an instance and have room as far as they say, the best first; then the refusal.</summary>
    /// <exception cref="HypemanException"><c>insufficient_resources</c>, <c>invalid_request</c>.</exception>
    public async IAsyncEnumerable<NodeInfo> FindAsync(InstanceSpec spec, string platform, string imageDigest, NodeDemand demand)
    {
        var fitting = PlacementDecision.Fitting(await nodes.AllAsync(), spec, platform);
        var companions = await CompanionsAsync(spec.Placement?.SpreadGroup);
        var inLine = Rendezvous.Order(fitting, ResourceId.New(), node => node.Id)
            .OrderBy(node => companions.GetValueOrDefault(node.Id)).ToList();

        foreach (var node in PlacementDecision.Best(await LookAsync(inLine.Take(Few), companions, imageDigest), demand).Take(MostAttempts))
            yield return node;
        var all = await LookAsync(inLine, companions, imageDigest);
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

    private async Task<IReadOnlyList<Candidate>> LookAsync(
        IEnumerable<NodeInfo> some, IReadOnlyDictionary<string, int> companions, string imageDigest)
    {
        var asked = some.ToList();
        var known = await loads.AskAsync(asked.Select(node => node.Id), imageDigest);
        return [.. asked.Select(node =>
            new Candidate(node, known.GetValueOrDefault(node.Id), companions.GetValueOrDefault(node.Id)))];
    }

    private async Task<InstanceInfo?> TryAsync(NodeInfo node, InstanceSpec spec, ImageInfo image)
    {
        try
        {
            // Each attempt has an id of its own: the grain of the one before was placed on another node.
            var order = new InstanceOrder { Spec = spec, Image = image, Home = node.Id };
            return await PlacementHint.CallAsync(node.Id, () => grains.Instance(ResourceId.New()).CreateAsync(order));
        }
        catch (HypemanException full) when (full.Kind == ErrorKind.InsufficientResources)
        {
            return null; // Others were faster.
        }
    }
}

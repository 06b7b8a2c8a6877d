using System.Collections.Concurrent;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Records;

namespace Hypeman.Grains.Nodes;

/// <summary>Asks nodes what is promised on them, at the same time and for a moment only.</summary>
internal sealed class NodeLoads(IGrainFactory grains, GrainClock clock)
{
    /// <summary>A node that takes longer is busy enough not to be given more.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(1);

    /// <summary>So long an answer is good enough to choose by.</summary>
    private static readonly TimeSpan Freshness = TimeSpan.FromSeconds(1);

    private readonly ConcurrentDictionary<string, Answer> _recent = new();

    /// <summary>
    /// As <see cref="AskAsync(IEnumerable{string}, string?)"/>, but without asking those that answered a moment ago. What was
    /// put on them from here since is counted; what others put there, or ended, is not.
    /// </summary>
    public async Task<IReadOnlyDictionary<string, NodeLoad>> RecentAsync(IEnumerable<string> nodes, string imageDigest)
    {
        var (known, toAsk) = (new Dictionary<string, NodeLoad>(), new List<string>());
        foreach (var node in nodes)
            if (_recent.TryGetValue(node, out var answer) && answer.ImageDigest == imageDigest && clock.Time.GetElapsedTime(answer.At) < Freshness)
                known[node] = answer.Load;
            else
                toAsk.Add(node);
        foreach (var (node, load) in await AskAsync(toAsk, imageDigest))
        {
            _recent[node] = new Answer(load, imageDigest, clock.Time.GetTimestamp());
            known[node] = load;
        }
        return known;
    }

    /// <summary>Something was put on the node.</summary>
    public void Count(string node, NodeDemand demand)
    {
        if (_recent.TryGetValue(node, out var answer))
            _recent.TryUpdate(node, answer with { Load = Less(answer.Load, demand) }, answer);
    }

    /// <summary>The node is not as it said.</summary>
    public void Forget(string node) => _recent.TryRemove(node, out _);

    /// <summary>By node; those that did not answer are not in it.</summary>
    public async Task<IReadOnlyDictionary<string, NodeLoad>> AskAsync(IEnumerable<string> nodes, string? imageDigest)
    {
        var answers = await Task.WhenAll(nodes.Select(async node => (Node: node, Load: await AskAsync(node, imageDigest))));
        return answers.Where(answer => answer.Load is not null).ToDictionary(answer => answer.Node, answer => answer.Load!);
    }

    private async Task<NodeLoad?> AskAsync(string node, string? imageDigest)
    {
        try
        {
            return await grains.Node(node).LoadAsync(imageDigest).WaitAsync(Patience, clock.Time);
        }
        catch (Exception error) when (error is HypemanException or TimeoutException or OrleansException)
        {
            return null;
        }
    }

    private static NodeLoad Less(NodeLoad load, NodeDemand demand) => load with
    {
        FreeMemoryBytes = load.FreeMemoryBytes - demand.MemoryBytes,
        FreeDiskBytes = load.FreeDiskBytes - demand.DiskBytes,
        Instances = load.Instances + 1,
    };

    private sealed record Answer(NodeLoad Load, string ImageDigest, long At);
}

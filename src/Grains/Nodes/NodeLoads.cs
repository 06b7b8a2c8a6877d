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
}

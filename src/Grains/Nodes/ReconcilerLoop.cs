using Hypeman.Contracts.Index;
using Hypeman.Grains.Images;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Grains.Nodes;

/// <summary>Has the nodes of this silo reconciled, at its start and then again and again.</summary>
internal sealed class ReconcilerLoop(
    LocalNodes local, NodeBooks books, IResourceIndex index, RootUsers roots, IGrainFactory grains, GrainClock clock,
    IOptions<NodeReconcilerOptions> options, ILogger<NodeReconciler> logger)
    : SiloLoop(TimeProvider.System, options.Value.Period, logger)
{
    private List<NodeReconciler>? _nodes;

    // One after the other: a silo that simulates many must not read all their rows at once.
    protected override async Task RoundAsync(CancellationToken cancellationToken)
    {
        _nodes ??= [.. local.All.Select(node => new NodeReconciler(node, books.Of(node.Facts.NodeId), index, roots, grains, clock, logger))];
        foreach (var node in _nodes)
            await node.RoundAsync(cancellationToken);
    }
}

using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Grains.Nodes.Draining;

internal sealed class NodeDrainerFactory(
    NodeRecord record, NodeContents contents, DrainMoves moves, DrainTargets targets, IOptions<DrainOptions> options, GrainClock clock,
    ILogger<NodeDrainer> logger)
{
    public NodeDrainer For(string node) => new(node, options.Value, record, contents, moves, targets, clock, logger);
}

using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>Carries on the drains of this silo's nodes, from what their rows say; so a drain survives all but the node.</summary>
internal sealed class DrainLoop(
    LocalNodes local, NodeDirectory directory, NodeDrainerFactory drainers, IOptions<DrainOptions> options, ILogger<DrainLoop> logger)
    : SiloLoop(TimeProvider.System, options.Value.Period, logger)
{
    private readonly Dictionary<string, NodeDrainer> _drainers = [];

    protected override async Task RoundAsync(CancellationToken cancellationToken)
    {
        foreach (var id in local.All.Select(node => node.Facts.NodeId))
        {
            if (directory.DrainOf(id) is not { FinishedAt: null })
            {
                _drainers.Remove(id);
                continue;
            }
            if (!_drainers.TryGetValue(id, out var drainer))
                _drainers[id] = drainer = drainers.For(id);
            await drainer.RoundAsync(cancellationToken);
        }
    }
}

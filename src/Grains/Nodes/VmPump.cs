using Hypeman.Contracts;
using Hypeman.Grains.Instances;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes;

/// <summary>Carries what the node sees of its VMs up to their grains, one way.</summary>
internal sealed class VmPump(LocalNode local, IGrainFactory grains, ILogger<VmPump> logger)
    : SiloLoop(TimeProvider.System, TimeSpan.FromSeconds(1), logger)
{
    protected override async Task RoundAsync(CancellationToken cancellationToken)
    {
        if (local.Node is null)
            return;
        await foreach (var status in local.Node.Vms.WatchAsync(cancellationToken))
            await grains.Instance(status.Id).ObserveAsync(status.ToObservation());
    }
}

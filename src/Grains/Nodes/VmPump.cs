using Hypeman.Contracts;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes;

/// <summary>Carries what the nodes see of their VMs up to the grains, one way.</summary>
internal sealed class VmPump(LocalNodes local, IGrainFactory grains, ILogger<VmPump> logger)
    : SiloLoop(TimeProvider.System, TimeSpan.FromSeconds(1), logger)
{
    protected override Task RoundAsync(CancellationToken cancellationToken) =>
        Task.WhenAll(local.All.Select(node => PumpAsync(node, cancellationToken)));

    private async Task PumpAsync(INode node, CancellationToken cancellationToken)
    {
        await foreach (var status in node.Vms.WatchAsync(cancellationToken))
            // What is still on its way here is told by whoever has it come.
            if (status.Phase != VmPhase.Arriving)
                await grains.Instance(status.Id).ObserveAsync(status.ToObservation() with { Node = node.Facts.NodeId });
    }
}

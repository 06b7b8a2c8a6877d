using Hypeman.Contracts;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Nodes;

/// <summary>
/// Carries what the nodes see of their VMs up to the grains, one way. How all of them are at the start of the silo is for
/// the reconcilers, which look at one after the other: told to all grains at once, a database could not bring them up.
/// </summary>
internal sealed class VmPump(LocalNodes local, IGrainFactory grains, ILogger<VmPump> logger)
    : SiloLoop(TimeProvider.System, TimeSpan.FromSeconds(1), logger)
{
    private bool _isStart = true;

    protected override Task RoundAsync(CancellationToken cancellationToken)
    {
        var isStart = _isStart;
        _isStart = false;
        return Task.WhenAll(local.All.Select(node => PumpAsync(node, isStart ? node.Vms.List() : [], cancellationToken)));
    }

    /// <param name="node">Whose VMs.</param>
    /// <param name="known">How VMs are that need not be told as long as they are so.</param>
    /// <param name="cancellationToken">Ends it.</param>
    private async Task PumpAsync(INode node, IReadOnlyList<VmStatus> known, CancellationToken cancellationToken)
    {
        var untold = known.ToDictionary(vm => vm.Id);
        await foreach (var status in node.Vms.WatchAsync(cancellationToken))
            // What is still on its way here is told by whoever has it come.
            if (status.Phase != VmPhase.Arriving && (!untold.Remove(status.Id, out var before) || before != status))
                await grains.Instance(status.Id).ObserveAsync(status.ToObservation() with { Node = node.Facts.NodeId });
    }
}

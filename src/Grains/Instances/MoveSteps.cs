using Hypeman.Contracts;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Images;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Instances;

/// <summary>What a move does on both nodes, first here, then there. As with every operation, each step may be repeated.</summary>
internal sealed class MoveSteps(
    InstanceRecord record, LocalNodes local, RootUsers roots, IGrainFactory grains, GrainClock clock, ILogger logger, IVmPeers? peers)
{
    public Task RunAsync(InstanceOperation operation, CancellationToken cancellationToken) =>
        record.Required.MovedFrom is { } source ? ArriveAsync(operation, source, cancellationToken) : DepartAsync(operation, cancellationToken);

    /// <summary>
    /// Has the copy removed that another node has. When that cannot be now, its own reconciler finds that nobody needs it.
    /// </summary>
    public async Task RemoveCopyAsync(string node, string id, long epoch)
    {
        if (peers is null)
            return;
        using var patience = new CancellationTokenSource(InstanceTiming.RemovalPatience, clock.Time);
        try
        {
            await peers.DeleteAsync(node, id, epoch, patience.Token);
        }
        catch (Exception error) when (error is IOException or NodeException or OperationCanceledException)
        {
            logger.LogInformation("The copy of {Id} on node {Node} is left to be removed there: {Reason}", id, node, error.Message);
        }
    }

    private IVmHost Vms => local.Require(record.Required.Home).Vms;

    // 1 the new home has room  2 the VM has ended, or sleeps  3 the record names the new home; the grain follows, and goes on there
    private async Task DepartAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var state = record.Required;
        if (peers is null)
            throw NoWay();
        var demand = InstanceDemand.Of(state);
        await grains.Node(operation.Target!).ReserveAsync(state.Id, demand.MemoryBytes, demand.DiskBytes);
        cancellationToken.ThrowIfCancellationRequested();
        await ChangeAsync(operation, await RestAsync(operation, state, cancellationToken), InstanceMove.Depart);
    }

    private Task<VmStatus> RestAsync(InstanceOperation operation, InstanceState state, CancellationToken cancellationToken) =>
        operation.Suspend || !operation.Restart && state.Observed.Phase == ObservedPhase.Standby
            ? Vms.StandbyAsync(state.Id, state.Epoch, isUsed: null, cancellationToken)
            : Vms.StopAsync(state.Id, state.Epoch, InstanceTiming.StopGrace, cancellationToken);

    // 1 its room is promised  2 the root is here  3 the disk is here  4 the record says so  5 the old home has it no more
    private async Task ArriveAsync(InstanceOperation operation, string source, CancellationToken cancellationToken)
    {
        var state = record.Required;
        await record.ReserveAsync();
        await roots.EnsureAsync(state.Home, state.Image, cancellationToken);
        var from = (peers ?? throw NoWay()).Source(source, state.Id, state.Epoch);
        var status = await ReceiveAsync(operation, state, from, cancellationToken);
        await ChangeAsync(operation, status, InstanceMove.Arrive);
        await RemoveCopyAsync(source, state.Id, state.Epoch);
    }

    private async Task<VmStatus> ReceiveAsync(
        InstanceOperation operation, InstanceState state, IVmSource from, CancellationToken cancellationToken)
    {
        DateTimeOffset? heardAt = null;
        try
        {
            return await Vms.ReceiveAsync(state.ToVmSpec(), from, () => heardAt = clock.Now, cancellationToken);
        }
        catch (NodeException) when (heardAt is { } at)
        {
            await record.ChangeAsync(now => now.Operation?.Number == operation.Number ? InstanceMove.Heard(now, at, clock.Now) : now);
            throw;
        }
    }

    private Task<InstanceState> ChangeAsync(
        InstanceOperation operation, VmStatus status, Func<InstanceState, DateTimeOffset, InstanceState> change) =>
        record.ChangeAsync(state =>
        {
            state = InstanceObservation.Observe(state, ObservedVm.Of(status.ToObservation()), clock.Now);
            return state.Operation?.Number == operation.Number ? change(state, clock.Now) : state;
        });

    private static NodeException NoWay() => new(
        NodeErrorKind.NotSupported, "this node has no way to other nodes: it was started without a cluster identity");
}

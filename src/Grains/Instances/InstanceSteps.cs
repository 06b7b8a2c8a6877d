using Hypeman.Contracts.Index;
using Hypeman.Grains.Images;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.Grains.Snapshots;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances;

/// <summary>
/// What each operation does on the node, and how its record then reads. Every step may be repeated: after a crash the
/// operation is carried out again from its beginning, by this same code.
/// </summary>
internal sealed class InstanceSteps(
    InstanceRecord record, LocalNodes local, RootUsers roots, SnapshotCopies snapshots, MoveSteps move, GrainClock clock)
{
    public Task RunAsync(InstanceOperation operation, CancellationToken cancellationToken) => operation.Kind switch
    {
        OperationKind.Create or OperationKind.Start => StartAsync(operation, cancellationToken),
        OperationKind.Stop => StopAsync(operation, cancellationToken),
        OperationKind.Delete => DeleteAsync(operation, cancellationToken),
        OperationKind.Move => move.RunAsync(operation, cancellationToken),
        OperationKind.Standby => StandbyAsync(operation, cancellationToken),
        OperationKind.Restore => RestoreAsync(operation, cancellationToken),
        OperationKind.Fork => ForkAsync(operation, cancellationToken),
        OperationKind.Revert => RevertAsync(operation, cancellationToken),
    };

    /// <summary>A line in the instance's own log.</summary>
    public void Log(string line)
    {
        if (record.State is { } state && local.Find(state.Home) is { } node)
            node.Vms.AppendLog(state.Id, line);
    }

    private IVmHost Vms => local.Require(record.Required.Home).Vms;

    // 1 the root is here  2 the VM runs  3 the record says so
    private async Task StartAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var state = record.Required;
        await roots.EnsureAsync(state.Home, state.Image, cancellationToken);
        if (Vms.Find(state.Id) is { Phase: VmPhase.Stopped, HasRun: false } undone && undone.Boot == state.Boot)
            state = await record.ChangeAsync(now => InstanceLifecycle.AnotherBoot(now, operation, clock.Now));
        var status = await Vms.StartAsync(state.ToVmSpec(), cancellationToken);
        await DoneAsync(operation, status);
    }

    // 1 root and snapshot are here  2 disk and memory are copies  3 it goes on or starts, if it is to run  4 the record says so
    private async Task ForkAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var (state, origin) = (record.Required, record.Required.Origin!);
        await roots.EnsureAsync(state.Home, state.Image, cancellationToken);
        if (origin.SnapshotId is { } snapshot)
            await snapshots.EnsureAsync(state.Home, snapshot, cancellationToken);
        var status = await Vms.ForkAsync(state.ToVmSpec(), origin.ToSource(), origin.WithMemory, cancellationToken);
        await GoOnAsync(operation, status, cancellationToken);
    }

    // 1 root and snapshot are here  2 disk and memory are those of the snapshot  3 it goes on or starts, if it is to run  4 the record says so
    private async Task RevertAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var (state, snapshot) = (record.Required, operation.Snapshot!);
        await roots.EnsureAsync(state.Home, state.Image, cancellationToken);
        await snapshots.EnsureAsync(state.Home, snapshot.SnapshotId, cancellationToken);
        var status = await Vms.RevertAsync(state.ToVmSpec(), snapshot.SnapshotId, snapshot.WithMemory, cancellationToken);
        await GoOnAsync(operation, status, cancellationToken);
    }

    private async Task GoOnAsync(InstanceOperation operation, VmStatus resting, CancellationToken cancellationToken)
    {
        var state = record.Required;
        if (state.Intent != InstanceIntent.Running)
            await DoneAsync(operation, resting);
        else if (resting.Phase == VmPhase.Standby)
            await DoneAsync(operation, await Vms.RestoreAsync(state.Id, state.Epoch, cancellationToken));
        else
            await StartAsync(operation, cancellationToken);
    }

    // 1 the VM has ended  2 the record says so
    private async Task StopAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var status = await EndVmAsync(operation, cancellationToken);
        await DoneAsync(operation, status);
    }

    // 1 the memory is saved and the VM has ended  2 it is compressed, some time  3 the record says so
    private async Task StandbyAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var state = record.Required;
        VmStatus status;
        try
        {
            status = await Vms.StandbyAsync(
                state.Id, state.Epoch, operation.OnlyIfIdle ? activity => InstanceIdle.IsUsed(record.State, activity, clock.Now) : null, cancellationToken);
        }
        catch (NodeException used) when (used.Kind == NodeErrorKind.Busy)
        {
            await record.ChangeAsync(now => InstanceIdle.Undone(now, operation, clock.Now));
            return;
        }
        if (operation.Compression is { } compression)
            await Vms.CompressAsync(state.Id, state.Epoch, compression.ToSpec(operation.CompressionDelay), cancellationToken);
        await DoneAsync(operation, status);
    }

    // 1 the root is here, that of an image which was deleted too  2 the VM goes on  3 the record says so
    private async Task RestoreAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var state = record.Required;
        await roots.EnsureAsync(state.Home, state.Image, cancellationToken);
        await DoneAsync(operation, await Vms.RestoreAsync(state.Id, state.Epoch, cancellationToken));
    }

    // 1 the VM has ended  2 its files are gone, also where it was moved from  3 row, name and record are gone
    // 4 so is the root nobody uses any more
    private async Task DeleteAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var state = record.Required;
        if (operation.Graceful)
            await EndVmAsync(operation, cancellationToken);
        await Vms.DeleteAsync(state.Id, state.Epoch, cancellationToken);
        if (state.MovedFrom is { } source)
            await move.RemoveCopyAsync(source, state.Id, state.Epoch);
        await record.RemoveAsync();
        await roots.ReleaseAsync(state.Home, state.Image.Digest, cancellationToken);
    }

    private async Task<VmStatus?> EndVmAsync(InstanceOperation operation, CancellationToken cancellationToken)
    {
        var state = record.Required;
        if (Vms.Find(state.Id) is null)
            return null;
        try
        {
            var grace = operation.Graceful ? InstanceTiming.StopGrace : TimeSpan.Zero;
            return await Vms.StopAsync(state.Id, state.Epoch, grace, cancellationToken);
        }
        catch (NodeException gone) when (gone.Kind == NodeErrorKind.NotFound)
        {
            return null;
        }
    }

    // What the node answered may be older than what it reported meanwhile; the observation's own rule sorts that out.
    private Task<InstanceState> DoneAsync(InstanceOperation operation, VmStatus? status) => record.ChangeAsync(state =>
    {
        if (status is not null)
            state = InstanceObservation.Observe(state, ObservedVm.Of(status.ToObservation()), clock.Now);
        return state.Operation?.Number == operation.Number ? InstanceLifecycle.Done(state, clock.Now) : state;
    });
}

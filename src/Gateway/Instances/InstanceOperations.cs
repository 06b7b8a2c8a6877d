using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Requests;
using Microsoft.Extensions.Options;

namespace Hypeman.Gateway.Instances;

/// <summary>
/// Makes calls of what grains do in the background: begins an operation, follows the instance until the outcome,
/// and answers with that.
/// </summary>
internal sealed class InstanceOperations(
    IGrainFactory grains, InstanceWatch watch, TimeProvider clock, IOptions<GatewayOptions> options)
{
    /// <summary>Returns when the VM boots. When it does not come to that, nothing of the instance is left.</summary>
    public async Task<InstanceInfo> CreateAsync(InstanceSpec spec, CancellationToken cancellationToken)
    {
        var begun = await grains.InstanceFactory().CreateAsync(spec);
        return await SettledAsync(begun.Id, InstanceGoal.Boot, "create", cancellationToken);
    }

    public async Task<InstanceInfo> StartAsync(string id, InstanceStartSpec spec, CancellationToken cancellationToken)
    {
        await grains.Instance(id).StartAsync(spec);
        return await SettledAsync(id, InstanceGoal.Boot, "start", cancellationToken);
    }

    public async Task<InstanceInfo> StopAsync(string id, CancellationToken cancellationToken)
    {
        await grains.Instance(id).StopAsync();
        return await SettledAsync(id, InstanceGoal.Stop, "stop", cancellationToken);
    }

    /// <summary>Returns when its memory is saved and its VM is gone.</summary>
    public async Task<InstanceInfo> StandbyAsync(string id, StandbySpec? spec, CancellationToken cancellationToken)
    {
        await grains.Instance(id).StandbyAsync(spec);
        return await SettledAsync(id, InstanceGoal.Standby, "standby", cancellationToken);
    }

    /// <summary>Returns when the guest goes on and its agent answers.</summary>
    public async Task<InstanceInfo> RestoreAsync(string id, CancellationToken cancellationToken)
    {
        await grains.Instance(id).RestoreAsync();
        return await SettledAsync(id, InstanceGoal.Restore, "restore", cancellationToken);
    }

    /// <summary>Returns when the copy is what it was to become. When it does not come to that, nothing of it is left.</summary>
    public async Task<InstanceInfo> ForkAsync(string sourceId, ForkSpec spec, CancellationToken cancellationToken)
    {
        var begun = await grains.InstanceFactory().ForkAsync(sourceId, spec);
        return await SettledAsync(begun.Id, InstanceGoal.Fork, "fork", cancellationToken);
    }

    /// <summary>Returns when the instance made from the snapshot is what it was to become.</summary>
    public async Task<InstanceInfo> ForkSnapshotAsync(string snapshotId, ForkSpec spec, CancellationToken cancellationToken)
    {
        var begun = await grains.SnapshotFactory().ForkAsync(snapshotId, spec);
        return await SettledAsync(begun.Id, InstanceGoal.Fork, "fork", cancellationToken);
    }

    /// <summary>Returns when the instance is back at its snapshot, and what it was to become from there.</summary>
    public async Task<InstanceInfo> RevertAsync(string id, string snapshotId, RevertSpec wish, CancellationToken cancellationToken)
    {
        await grains.SnapshotFactory().RevertAsync(id, snapshotId, wish);
        return await SettledAsync(id, InstanceGoal.Fork, "restore", cancellationToken);
    }

    /// <summary>Returns when it lives on another node, and is there what it was.</summary>
    public async Task<InstanceInfo> MoveAsync(string id, MoveSpec spec, CancellationToken cancellationToken)
    {
        var before = await grains.InstanceFactory().MoveAsync(id, spec);
        var moved = await SettledAsync(id, InstanceGoal.Move, "move", cancellationToken);
        if (moved.Failure is { } failure && !InstanceProgress.IsAtRest(before) && InstanceProgress.IsAtRest(moved))
            throw new HypemanException(failure.Kind, failure.Code, $"it lives on node {moved.Home} now, but does not run: {failure.Message}");
        return moved;
    }

    /// <summary>
    /// Returns when nothing of the instance is left; or at once, with its info, when its node is away: it is then deleted
    /// as soon as the node is back.
    /// </summary>
    public async Task<InstanceInfo?> DeleteAsync(string id, bool graceful, CancellationToken cancellationToken)
    {
        await grains.Instance(id).DeleteAsync(graceful);
        var (last, isGone) = await OutcomeAsync(id, InstanceGoal.Delete, "delete", cancellationToken);
        return isGone ? null : last;
    }

    private async Task<InstanceInfo> SettledAsync(
        string id, InstanceGoal goal, string verb, CancellationToken cancellationToken)
    {
        var (last, isGone) = await OutcomeAsync(id, goal, verb, cancellationToken);
        if (!isGone && goal.ProgressOf(last!) == Progress.Done)
            return last!;
        throw last switch
        {
            { MoveError: { } why } when goal == InstanceGoal.Move => HypemanException.InvalidState($"instance {id} stays on node {last.Home}: {why}"),
            { Failure: { } failure } => new HypemanException(failure.Kind, failure.Code, failure.Message),
            _ when isGone => HypemanException.InvalidState($"instance {id} was deleted before the {verb} was done"),
            _ => HypemanException.InvalidState($"the {verb} of instance {id} was overtaken, its state is {last!.Phase}"),
        };
    }

    private async Task<Followed<InstanceInfo>> OutcomeAsync(
        string id, InstanceGoal goal, string verb, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Value.OperationTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await watch.UntilAsync(id, goal, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HypemanException(ErrorKind.TimedOut, "timeout",
                $"the {verb} of instance {id} goes on, but took longer than {options.Value.OperationTimeout.TotalSeconds:0} s");
        }
    }
}

using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Requests;
using Microsoft.Extensions.Options;

namespace Hypeman.Gateway.Snapshots;

/// <summary>Makes calls of what snapshot grains do in the background.</summary>
internal sealed class SnapshotOperations(IGrainFactory grains, GrainWatch watch, TimeProvider clock, IOptions<GatewayOptions> options)
{
    /// <summary>Returns when the snapshot is whole. When it does not come to that, nothing of it is left.</summary>
    public async Task<SnapshotInfo> TakeAsync(string instanceId, SnapshotSpec spec, CancellationToken cancellationToken)
    {
        var begun = await grains.SnapshotFactory().TakeAsync(instanceId, spec);
        var (last, isGone) = await FollowAsync(begun.Id, info => info.Phase == SnapshotPhase.Ready, "snapshot", cancellationToken);
        if (!isGone)
            return last!;
        throw last?.Failure is { } failure
            ? new HypemanException(failure.Kind, failure.Code, failure.Message)
            : new HypemanException(ErrorKind.Conflict, "conflict", $"snapshot {begun.Id} was deleted before it was whole");
    }

    /// <summary>Returns when nothing of it is left.</summary>
    public async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        await grains.Snapshot(id).DeleteAsync();
        await FollowAsync(id, _ => false, "deletion", cancellationToken);
    }

    private async Task<Followed<SnapshotInfo>> FollowAsync(
        string id, Func<SnapshotInfo, bool> satisfies, string what, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(options.Value.OperationTimeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        try
        {
            return await watch.UntilAsync(() => grains.Snapshot(id).WatchAsync(either.Token), satisfies, either.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new HypemanException(ErrorKind.TimedOut, "timeout",
                $"the {what} of snapshot {id} goes on, but took longer than {options.Value.OperationTimeout.TotalSeconds:0} s");
        }
    }
}

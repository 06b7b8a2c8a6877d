using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Snapshots.Schedules;

/// <summary>
/// What a schedule does when it is looked at: 1 takes the snapshot of the run in flight  2 lets go of those it does not keep
/// 3 ends itself when instance and snapshots are gone. A task on the grain's scheduler; what it does may be repeated.
/// </summary>
internal sealed class ScheduleWork(
    StateCell<ScheduleState> cell, IResourceIndex index, IGrainFactory grains, GrainClock clock, Func<Task> end, ILogger logger)
{
    private CancellationTokenSource? _running;
    private Task _work = Task.CompletedTask;
    private bool _isWanted;
    private bool _ended;

    /// <summary>Makes sure that it is being done. Never waits.</summary>
    public void Wake()
    {
        _isWanted = true;
        if (_work.IsCompleted)
            _work = RunAsync();
    }

    /// <summary>Leaves the work where it is; the next activation goes on from the record.</summary>
    public Task EndAsync()
    {
        _ended = true;
        _running?.Cancel();
        return _work;
    }

    private async Task RunAsync()
    {
        // First let the call that woke us return.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
        RequestContext.Clear();
        // Who came while it was being done may have come for something that was not so then.
        while (_isWanted && !_ended)
        {
            _isWanted = false;
            await LookAsync();
        }
    }

    private async Task LookAsync()
    {
        using var running = new CancellationTokenSource();
        _running = running;
        try
        {
            var isThere = cell.Value is { } state && await index.GetAsync(ResourceKind.Instance, state.InstanceId, running.Token) is not null;
            if (isThere)
                await cell.ChangeAsync(now => now is null ? null : ScheduleDecision.Begin(now, clock.Now), _ => Task.CompletedTask);
            if (cell.Value is { Run: { } run })
                await FinishAsync(run, running.Token);
            await CleanAsync(isThere, running.Token);
        }
        catch (Exception error)
        {
            logger.LogWarning(error, "A schedule of snapshots is left to the next look at it");
        }
        finally
        {
            _running = null;
        }
    }

    private async Task FinishAsync(ScheduleRun run, CancellationToken cancellationToken)
    {
        var error = await ErrorOfAsync(run, cancellationToken);
        if (!_ended)
            await cell.ChangeAsync(now => now is null ? null : ScheduleDecision.End(now, run, error), _ => Task.CompletedTask);
    }

    // What passes is tried again for a while: an instance that is just being started, a node that is away for a moment.
    private async Task<string?> ErrorOfAsync(ScheduleRun run, CancellationToken cancellationToken)
    {
        for (var failures = 1; ; failures++)
            try
            {
                return await TakeAsync(run, cancellationToken);
            }
            catch (HypemanException refused) when (cell.Value is { } state && MayPass(refused) && clock.Now < run.At + ScheduleDecision.Patience(state.Spec))
            {
                await Task.Delay(InstanceTiming.Backoff(failures), clock.Time, cancellationToken);
            }
            catch (HypemanException refused)
            {
                return refused.Message;
            }
    }

    private static bool MayPass(HypemanException refused) => refused.Kind is ErrorKind.Conflict or ErrorKind.Unavailable or ErrorKind.TimedOut;

    /// <summary>Why there is no snapshot; null when there is one.</summary>
    private async Task<string?> TakeAsync(ScheduleRun run, CancellationToken cancellationToken)
    {
        var snapshot = grains.Snapshot(run.SnapshotId);
        if (await index.GetAsync(ResourceKind.Snapshot, run.SnapshotId, cancellationToken) is null)
        {
            var state = cell.Value ?? throw HypemanException.NotFound("snapshot schedule not found");
            var wish = ScheduleDecision.Wish(state.Spec, run, (await grains.Instance(state.InstanceId).GetAsync()).Phase);
            var source = grains.GetGrain<IInstanceForks>(GrainKeys.InstancePrefix + state.InstanceId);
            var order = await source.PrepareSnapshotAsync(wish);
            await PlacementHint.CallNewAsync(order.Home, () => snapshot.TakeAsync(order));
        }
        SnapshotInfo? last = null;
        await foreach (var info in snapshot.WatchAsync(cancellationToken))
            if ((last = info).Phase == SnapshotPhase.Ready)
                return null;
        return last?.Failure?.Message ?? "the snapshot was deleted before it was taken";
    }

    private async Task CleanAsync(bool isThere, CancellationToken cancellationToken)
    {
        if (cell.Value is not { } state)
            return;
        var mine = new ResourceQuery(ResourceKind.Snapshot) { Tags = new Dictionary<string, string> { [SnapshotInfo.ScheduleTag] = state.InstanceId } };
        var taken = await index.ListAsync(mine, cancellationToken).Select(row => (row.Id, row.CreatedAt)).ToListAsync(cancellationToken);
        foreach (var id in ScheduleDecision.Spent(state.Spec.Retention, taken, clock.Now))
            await DeleteAsync(id);
        if (!isThere && taken.Count == 0)
            await end();
    }

    private async Task DeleteAsync(string id)
    {
        try
        {
            await grains.Snapshot(id).DeleteAsync();
        }
        catch (HypemanException error)
        {
            logger.LogInformation("Snapshot {Id} of a schedule is let go of later: {Reason}", id, error.Message);
        }
    }
}

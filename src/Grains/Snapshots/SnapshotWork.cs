using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Errors;
using Hypeman.Grains.Images;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Snapshots;

/// <summary>
/// Sees a snapshot through to Ready, or to its end: a task on the grain's scheduler. What it does may be repeated, and is,
/// by the next activation after a crash.
/// </summary>
internal sealed class SnapshotWork(SnapshotRecord record, LocalNodes local, RootUsers roots, GrainClock clock, ILogger logger)
{
    private CancellationTokenSource? _attempt;
    private Task _work = Task.CompletedTask;
    private SnapshotPhase _attempting;
    private bool _ended;

    /// <summary>Makes sure that what is to be done is being done. Never waits.</summary>
    public void Wake()
    {
        if (_attempt is { } attempt && record.State is { } state && state.Phase != _attempting)
            attempt.Cancel();
        if (_work.IsCompleted && !_ended)
            _work = RunAsync();
    }

    /// <summary>Leaves the work where it is; the next activation goes on from the record.</summary>
    public Task EndAsync()
    {
        _ended = true;
        _attempt?.Cancel();
        return _work;
    }

    private async Task RunAsync()
    {
        // First let the command that woke us return.
        await Task.CompletedTask.ConfigureAwait(ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
        try
        {
            RequestContext.Clear();
            while (!_ended && record.State is { Phase: not SnapshotPhase.Ready } state && local.IsHome(state.Order.Home))
                await AttemptAsync(state);
        }
        catch (Exception error)
        {
            // Only a record that cannot be written ends up here; the grain is being deactivated by its cell.
            logger.LogWarning(error, "A snapshot is left to the next activation");
        }
    }

    private async Task AttemptAsync(SnapshotState state)
    {
        using var attempt = new CancellationTokenSource();
        (_attempt, _attempting) = (attempt, state.Phase);
        try
        {
            await (state.Phase == SnapshotPhase.Taking ? TakeAsync(state, attempt.Token) : DeleteAsync(state, attempt.Token)).WaitAsync(attempt.Token);
        }
        catch (Exception error) when (!attempt.IsCancellationRequested)
        {
            await NoteAsync(state, error);
            if (record.State is { Failures: > 0 } next)
                await Task.Delay(InstanceTiming.Backoff(next.Failures), clock.Time, attempt.Token).ConfigureAwait(
                    ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
        }
        catch (Exception error)
        {
            logger.LogDebug(error, "{Phase} of snapshot {Id} was left", state.Phase, state.Id);
        }
        finally
        {
            _attempt = null;
        }
    }

    // 1 it is whole  2 it is compressed, some time  3 the record says so
    private async Task TakeAsync(SnapshotState state, CancellationToken cancellationToken)
    {
        var order = state.Order;
        var snapshots = local.Require(order.Home).Snapshots;
        var taken = await snapshots.TakeAsync(state.Id, order.SourceId, order.SourceEpoch, state.HasMemory, cancellationToken);
        if (order.Compression is { } compression)
        {
            await snapshots.CompressAsync(state.Id, compression.ToSpec(), cancellationToken);
            taken = snapshots.Find(state.Id) ?? taken;
        }
        await record.ChangeAsync(now => SnapshotLifecycle.Taken(now, taken));
    }

    // 1 its files  2 row, name and record  3 the root nobody uses any more
    private async Task DeleteAsync(SnapshotState state, CancellationToken cancellationToken)
    {
        await local.Require(state.Order.Home).Snapshots.DeleteAsync(state.Id, cancellationToken);
        await record.RemoveAsync();
        await roots.ReleaseAsync(state.Order.Home, state.Order.Image.Digest, cancellationToken);
    }

    private async Task NoteAsync(SnapshotState state, Exception error)
    {
        var expected = Errors.Errors.Expected(error, logger, $"{state.Phase} of snapshot {state.Id}");
        var passing = Errors.Errors.MayPass(error, expected);
        // What an instance is not in a state for is called a conflict where snapshots are made.
        var code = expected.Code == "invalid_state" ? "conflict" : expected.Code;
        var failure = new InstanceFailure(expected.Kind, code, expected.Message);
        logger.LogInformation("{Phase} of snapshot {Id} failed: {Message} ({Detail})", state.Phase, state.Id, expected.Message, expected.Detail);
        await record.ChangeAsync(now => now.Phase == state.Phase ? SnapshotLifecycle.Failed(now, failure, passing, clock.Now) : now);
    }
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Errors;
using Hypeman.Grains.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Logging;

namespace Hypeman.Grains.Instances;

/// <summary>
/// Carries out the operation in flight of one instance: one task on the grain's scheduler, which never holds up a
/// call. It asks the record what to do, does it, writes what came of it, and begins anew until the record is at rest.
/// A command that takes over wakes it; the attempt under way is then left.
/// </summary>
internal sealed class InstanceOperator(
    InstanceRecord record, InstanceSteps steps, LocalNodes local, GrainClock clock, ILogger logger)
{
    private CancellationTokenSource? _attempt;
    private long _attempting;
    private Task _work = Task.CompletedTask;
    private bool _ended;

    /// <summary>Makes sure that the operation in flight, if any, is being carried out, and no other. Never waits.</summary>
    public void Wake()
    {
        if (_ended || record.State?.Operation is not { } operation || !local.IsHome(record.State.Home))
            return;
        if (_work.IsCompleted)
            _work = RunAsync();
        else if (operation.Number != _attempting)
            _attempt?.Cancel();
    }

    /// <summary>A line in the instance's own log.</summary>
    public void Log(string line) => steps.Log(line);

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
        await Task.CompletedTask.ConfigureAwait(
            ConfigureAwaitOptions.ForceYielding | ConfigureAwaitOptions.ContinueOnCapturedContext);
        try
        {
            // The calls that follow are not made for the one that woke us.
            RequestContext.Clear();
            // One that was moved away is carried on there.
            while (!_ended && record.State is { Operation: { } operation } state && local.IsHome(state.Home))
                await AttemptAsync(operation);
        }
        catch (Exception error)
        {
            // Only a record that cannot be written ends up here; the grain is being deactivated by its cell.
            logger.LogWarning(error, "The operation in flight is left to the next activation");
        }
    }

    private async Task AttemptAsync(InstanceOperation operation)
    {
        using var attempt = new CancellationTokenSource();
        using var deadline = new CancellationTokenSource(TimeLeft(operation), clock.Time);
        using var both = CancellationTokenSource.CreateLinkedTokenSource(attempt.Token, deadline.Token);
        (_attempt, _attempting) = (attempt, operation.Number);
        try
        {
            // The node is given up on even when it does not heed the token: delete must get past a start that hangs.
            await steps.RunAsync(operation, both.Token).WaitAsync(both.Token);
        }
        catch (Exception error) when (!attempt.IsCancellationRequested)
        {
            await NoteAsync(operation, deadline.IsCancellationRequested ? Late(operation) : error);
            if (record.State?.Operation is { Failures: > 0 } next)
                await PauseAsync(InstanceTiming.Backoff(next.Failures), attempt.Token);
        }
        catch (Exception error)
        {
            logger.LogDebug(error, "{Operation} of instance {Id} was left", operation.Kind, record.State?.Id);
        }
        finally
        {
            _attempt = null;
        }
    }

    private TimeSpan TimeLeft(InstanceOperation operation)
    {
        var limit = InstanceTiming.Deadline(operation.Kind);
        if (operation.Kind == OperationKind.Delete)
            return limit;
        var left = operation.StartedAt + limit - clock.Now;
        return left > TimeSpan.Zero ? left : TimeSpan.Zero;
    }

    private async Task NoteAsync(InstanceOperation operation, Exception error)
    {
        if (record.State is not { } state)
            return;
        var expected = Errors.Errors.Expected(error, logger, $"{operation.Kind} of instance {state.Id}");
        var passing = Errors.Errors.MayPass(error, expected);
        var failure = new InstanceFailure(expected.Kind, expected.Code, expected.Message);
        logger.LogInformation("{Operation} of instance {Id} failed: {Message} ({Detail})",
            operation.Kind, state.Id, expected.Message, expected.Detail);
        steps.Log($"{operation.Kind} failed: {expected.Message}");
        await record.ChangeAsync(now => now.Operation?.Number == operation.Number
            ? InstanceLifecycle.Failed(now, failure, passing, clock.Now)
            : now);
    }

    private async Task PauseAsync(TimeSpan pause, CancellationToken cancellationToken)
    {
        try
        {
            await Task.Delay(pause, clock.Time, cancellationToken);
        }
        catch (OperationCanceledException)
        {
            // Woken: there is something else to do.
        }
    }

    private static NodeException Late(InstanceOperation operation) => new(
        NodeErrorKind.TimedOut, $"{operation.Kind} was not done within {InstanceTiming.Deadline(operation.Kind).TotalMinutes:0} minutes");
}

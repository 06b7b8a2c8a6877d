using System.Threading.Channels;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// One thing at a time, in the order they came: orders, which somebody waits for, and signs, which nobody does. It
/// holds no more than there are callers waiting and signs of one run.
/// </summary>
internal sealed class VmInbox(ILogger log)
{
    private readonly Channel<Func<Task>> _work = Channel.CreateUnbounded<Func<Task>>(
        new UnboundedChannelOptions { SingleReader = true });

    /// <summary>Runs what comes until the inbox is closed, and what is in it then.</summary>
    internal async Task RunAsync()
    {
        await foreach (var action in _work.Reader.ReadAllAsync())
            await action();
    }

    /// <summary>Takes no more. What is in it is still run.</summary>
    internal void Close() => _work.Writer.TryComplete();

    /// <summary>The order's outcome; null when the inbox takes no more. Cancelling stops the waiting, not the order.</summary>
    internal Task<T>? TryPost<T>(Func<Task<T>> order, CancellationToken cancellationToken)
    {
        var outcome = new TaskCompletionSource<T>(TaskCreationOptions.RunContinuationsAsynchronously);
        var posted = _work.Writer.TryWrite(async () =>
        {
            try
            {
                outcome.SetResult(await order());
            }
            catch (NodeException e)
            {
                outcome.SetException(e);
            }
            catch (IOException e) when (DiskFull.Is(e))
            {
                outcome.SetException(DiskFull.Translate(e));
            }
            catch (Exception e)
            {
                log.LogError(e, "An order of a VM failed");
                outcome.SetException(new NodeException(
                    NodeErrorKind.Internal, "The node could not do it; its log says why.", e.Message, e));
            }
        });
        return posted ? outcome.Task.WaitAsync(cancellationToken) : null;
    }

    /// <summary>
    /// As <see cref="TryPost"/>, for an order that works on what is the caller's: when the waiting ends it has ended too, or
    /// will not begin.
    /// </summary>
    /// <param name="order">Looks at the cancellation itself, before all else.</param>
    internal Task<T>? TryPostToEnd<T>(Func<Task<T>> order, CancellationToken cancellationToken)
    {
        var begun = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        return TryPost(() =>
        {
            begun.SetResult();
            return order();
        }, CancellationToken.None) is { } outcome ? EndAsync(outcome) : null;

        async Task<T> EndAsync(Task<T> outcome)
        {
            await begun.Task.WaitAsync(cancellationToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
            // When it begins after we have looked, it sees the cancellation.
            if (!begun.Task.IsCompleted)
                cancellationToken.ThrowIfCancellationRequested();
            return await outcome;
        }
    }

    internal void Post(Func<Task> sign) => _work.Writer.TryWrite(async () =>
    {
        try
        {
            await sign();
        }
        catch (Exception e)
        {
            log.LogError(e, "A sign of a VM could not be dealt with");
        }
    });
}

using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Keeps one channel to the agent of a guest open for as long as its VM runs.</summary>
internal sealed class GuestLink : IAsyncDisposable
{
    /// <summary>An agent that was just restarted, or that we have just taken over, is there in a moment.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string socketPath;
    private readonly TimeProvider time;
    private readonly Action answered;
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;
    private volatile TaskCompletionSource<GuestChannel> channel = NewChannel();

    /// <param name="answered">Called each time an agent has answered.</param>
    internal GuestLink(string socketPath, TimeProvider time, Action answered)
    {
        (this.socketPath, this.time, this.answered) = (socketPath, time, answered);
        running = Task.Run(RunAsync);
    }

    /// <summary>Whether there is an agent to talk to now.</summary>
    internal bool IsOpen => channel.Task.IsCompletedSuccessfully;

    /// <exception cref="NodeException">Unavailable: no agent answers.</exception>
    internal async Task<IGuestSession> OpenAsync(GuestRequest request, CancellationToken cancellationToken)
    {
        var open = await ReachAsync(cancellationToken);
        return await open.OpenAsync(request, cancellationToken);
    }

    /// <inheritdoc cref="OpenAsync"/>
    internal async Task<TReply> CallAsync<TReply>(GuestRequest request, CancellationToken cancellationToken)
        where TReply : GuestReply
    {
        var open = await ReachAsync(cancellationToken);
        return await open.CallAsync<TReply>(request, cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        channel.TrySetException(Silent());
        stop.Dispose();
    }

    private async Task<GuestChannel> ReachAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await channel.Task.WaitAsync(Patience, time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Silent();
        }
    }

    private async Task RunAsync()
    {
        while (true)
        {
            await using var open = await GuestChannel.ConnectAsync(socketPath, stop.Token);
            channel.SetResult(open);
            answered();
            await open.Closed.WaitAsync(stop.Token);
            channel = NewChannel();
        }
    }

    private static TaskCompletionSource<GuestChannel> NewChannel()
    {
        var next = new TaskCompletionSource<GuestChannel>(TaskCreationOptions.RunContinuationsAsynchronously);
        // Nobody may be waiting when it comes to nothing.
        _ = next.Task.ContinueWith(
            failed => failed.Exception, CancellationToken.None, TaskContinuationOptions.OnlyOnFaulted, TaskScheduler.Default);
        return next;
    }

    private static NodeException Silent() =>
        new(NodeErrorKind.Unavailable, "The guest agent does not answer now; try again shortly.");
}

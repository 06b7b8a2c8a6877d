using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Keeps one channel to the agent of a guest open for as long as its VM runs.</summary>
internal sealed class GuestLink : IAsyncDisposable
{
    /// <summary>An agent that was just restarted, or that we have just taken over, is there in a moment.</summary>
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(5);

    private readonly string _socketPath;
    private readonly TimeProvider _time;
    private readonly GuestWake? _wake;
    private readonly Action<GuestLink> _answered;
    private readonly CancellationTokenSource _stop = new();
    private readonly Task _running;
    private volatile bool _isClosing;
    private volatile TaskCompletionSource<GuestChannel> _channel = NewChannel();

    /// <param name="socketPath">The hypervisor's socket.</param>
    /// <param name="time">The time.</param>
    /// <param name="wake">What is said to the agent before anyone else may speak; null when its guest did not stand still.</param>
    /// <param name="answered">Called each time an agent has answered.</param>
    internal GuestLink(
        string socketPath, TimeProvider time, GuestWake? wake, Action<GuestLink> answered)
    {
        (_socketPath, _time, _wake, _answered) = (socketPath, time, wake, answered);
        _running = Task.Run(RunAsync);
    }

    /// <summary>Whether there is an agent to talk to now.</summary>
    internal bool IsOpen => _channel.Task.IsCompletedSuccessfully;

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

    /// <summary>Ends the link; those who talk to the agent now are told this.</summary>
    internal async Task CloseAsync(NodeException reason)
    {
        // When the channel closes, its agent is not to be reached for again.
        _isClosing = true;
        var channel = _channel;
        channel.TrySetException(reason);
        if (channel.Task.IsCompletedSuccessfully)
            await channel.Task.Result.CloseAsync(reason);
        await DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _stop.CancelAsync();
        await _running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        _channel.TrySetException(Silent());
        _stop.Dispose();
    }

    private async Task<GuestChannel> ReachAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await _channel.Task.WaitAsync(Patience, _time, cancellationToken);
        }
        catch (TimeoutException)
        {
            throw Silent();
        }
    }

    private async Task RunAsync()
    {
        while (!_isClosing)
        {
            await using var open = await GuestConnector.ConnectAsync(_socketPath, TimeProvider.System, _wake?.Moment, _stop.Token);
            if (_wake is not null && !await _wake.TellAsync(open, _stop.Token))
                continue;
            if (!_channel.TrySetResult(open))
                return;
            _answered(this);
            await open.Closed.WaitAsync(_stop.Token);
            _channel = NewChannel();
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

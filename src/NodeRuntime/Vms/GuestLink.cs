using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>Keeps one channel to the agent of a guest open for as long as its VM runs.</summary>
internal sealed class GuestLink : IAsyncDisposable
{
    private readonly string socketPath;
    private readonly Action answered;
    private readonly CancellationTokenSource stop = new();
    private readonly Task running;
    private volatile GuestChannel? channel;

    /// <param name="answered">Called each time an agent has answered.</param>
    internal GuestLink(string socketPath, Action answered)
    {
        this.socketPath = socketPath;
        this.answered = answered;
        running = Task.Run(RunAsync);
    }

    /// <summary>Whether there is an agent to talk to now.</summary>
    internal bool IsOpen => channel is { Closed.IsCompleted: false };

    /// <exception cref="NodeException">Unavailable: no agent answers now.</exception>
    internal Task<IGuestSession> OpenAsync(GuestRequest request, CancellationToken cancellationToken) =>
        Channel.OpenAsync(request, cancellationToken);

    /// <inheritdoc cref="OpenAsync"/>
    internal Task<TReply> CallAsync<TReply>(GuestRequest request, CancellationToken cancellationToken)
        where TReply : GuestReply => Channel.CallAsync<TReply>(request, cancellationToken);

    public async ValueTask DisposeAsync()
    {
        await stop.CancelAsync();
        await running.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        stop.Dispose();
    }

    private GuestChannel Channel => channel is { Closed.IsCompleted: false } open
        ? open
        : throw new NodeException(NodeErrorKind.Unavailable, "The guest agent does not answer now; try again shortly.");

    private async Task RunAsync()
    {
        while (true)
        {
            await using var open = await GuestChannel.ConnectAsync(socketPath, stop.Token);
            channel = open;
            answered();
            await open.Closed.WaitAsync(stop.Token);
        }
    }
}

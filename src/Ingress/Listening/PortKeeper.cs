using System.Collections.Immutable;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// Keeps the open ports equal to the ones that rules need. A port that another program holds is left out, said once
/// in the log, and tried again from time to time.
/// </summary>
internal sealed class PortKeeper(OpenPorts ports, Func<ImmutableSortedSet<int>> wanted, TimeProvider time, ILogger<PortKeeper> logger)
{
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private ImmutableSortedSet<int> _open = [];
    private volatile ImmutableSortedSet<int> _refused = [];

    /// <summary>Ports of rules that other programs hold.</summary>
    public ImmutableSortedSet<int> Refused => _refused;

    public void Wake() => _wake.Writer.TryWrite(true);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Limits.PortRetry, time);
        var tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
        var wake = _wake.Reader.WaitToReadAsync(cancellationToken).AsTask();
        while (!cancellationToken.IsCancellationRequested)
        {
            await Task.WhenAny(tick, wake).ConfigureAwait(false);
            if (cancellationToken.IsCancellationRequested)
                return;
            if (wake.IsCompleted)
            {
                _wake.Reader.TryRead(out _);
                wake = _wake.Reader.WaitToReadAsync(cancellationToken).AsTask();
            }
            if (tick.IsCompleted)
                tick = timer.WaitForNextTickAsync(cancellationToken).AsTask();
            Apply();
        }
    }

    private void Apply()
    {
        var want = wanted();
        foreach (var port in _open.Except(want))
            ports.Close(port);
        var refused = want.Except(_open).Where(port => !TryOpen(port)).ToImmutableSortedSet();
        var open = want.Except(refused);
        if (!open.SetEquals(_open))
            logger.LogInformation("The ingress listens on these ports besides its default one: {Ports}", string.Join(' ', open));
        (_open, _refused) = (open, refused);
    }

    private bool TryOpen(int port)
    {
        try
        {
            ports.Open(port);
            return true;
        }
        catch (SocketException e)
        {
            if (!_refused.Contains(port))
                logger.LogWarning(
                    "Ingress rules ask for port {Port}, which cannot be opened here: {Reason}; it is served as soon as it can", port, e.Message);
            return false;
        }
    }
}

using System.Collections.Immutable;
using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.Extensions.Logging;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// Keeps the open ports equal to the ones that rules need. A port that another program holds is left out, said once
/// in the log, and tried again from time to time: Kestrel itself would not try it again.
/// </summary>
internal sealed class PortKeeper(
    ListenerConfiguration configuration,
    string address,
    int defaultPort,
    Func<ImmutableSortedSet<int>> wanted,
    TimeProvider time,
    ILogger logger)
{
    private readonly Channel<bool> _wake = Channel.CreateBounded<bool>(
        new BoundedChannelOptions(1) { FullMode = BoundedChannelFullMode.DropWrite });
    private ImmutableSortedSet<int> _open = [];
    private volatile ImmutableSortedSet<int> _refused = [];

    /// <summary>Ports of rules that other programs hold.</summary>
    public ImmutableSortedSet<int> Refused => _refused;

    public void Wake() => _wake.Writer.TryWrite(true);

    public void OpenDefault() => Open([]);

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
        var refused = want.Except(_open).Where(port => !IsFree(port)).ToImmutableSortedSet();
        foreach (var port in refused.Except(_refused))
            logger.LogWarning(
                "Ingress rules ask for port {Port}, which another program holds here; it is served as soon as it is free", port);
        _refused = refused;
        var open = want.Except(refused);
        if (open.SetEquals(_open))
            return;
        logger.LogInformation("The ingress listens on these ports besides its default one: {Ports}", string.Join(' ', open));
        _open = open;
        Open(open);
    }

    private void Open(IEnumerable<int> extraPorts) => configuration.Set(
        extraPorts.Select(port => Endpoint($"port-{port}", port)).Prepend(Endpoint("default", defaultPort)));

    /// <summary>A port that nobody listens on now.</summary>
    public int FindFree()
    {
        using var probe = Bind(0);
        return ((IPEndPoint)probe.LocalEndPoint!).Port;
    }

    private bool IsFree(int port)
    {
        try
        {
            using var probe = Bind(port);
            probe.Listen(1);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    private Socket Bind(int port)
    {
        var any = address == "*";
        var ip = any ? (Socket.OSSupportsIPv6 ? IPAddress.IPv6Any : IPAddress.Any) : IPAddress.Parse(address);
        var socket = new Socket(ip.AddressFamily, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            if (any && ip.AddressFamily == AddressFamily.InterNetworkV6)
                socket.DualMode = true;
            socket.Bind(new IPEndPoint(ip, port));
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private KeyValuePair<string, string> Endpoint(string name, int port)
    {
        var host = address.Contains(':') ? $"[{address}]" : address;
        return new(name, $"http://{host}:{port}");
    }
}

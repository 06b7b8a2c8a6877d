using System.Net.Sockets;
using Hypeman.GuestProtocol.Channel;
using Hypeman.GuestProtocol.Framing;

namespace Hypeman.Tests.NodeRuntime.Guest;

/// <summary>The guest's own end of the channel behind a unix socket, with a handler of the test instead of a guest.</summary>
internal sealed class FakeAgent : IAsyncDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hypeman-agent-test-").FullName;
    private readonly Socket _listener = new(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
    private readonly Task _accepting;
    private int _connections;

    /// <param name="deaf">So many first connections are accepted and never answered.</param>
    /// <param name="handler">Serves requests.</param>
    /// <param name="woken">Takes in what a hello says.</param>
    public FakeAgent(AgentHandler handler, int deaf = 0, Action<WakeMoment>? woken = null)
        : this(stream => new AgentChannel(stream, handler, woken ?? (_ => { })).Serve(), deaf)
    {
    }

    public FakeAgent(Action<Stream> serve, int deaf = 0)
    {
        _listener.Bind(new UnixDomainSocketEndPoint(Path));
        _listener.Listen();
        _accepting = Task.Run(() => AcceptAsync(serve, deaf));
    }

    public string Path => System.IO.Path.Combine(_directory, "agent.sock");
    public int Connections => _connections;

    public async ValueTask DisposeAsync()
    {
        _listener.Dispose();
        await _accepting;
        Directory.Delete(_directory, recursive: true);
    }

    private async Task AcceptAsync(Action<Stream> serve, int deaf)
    {
        while (true)
        {
            Socket socket;
            try
            {
                socket = await _listener.AcceptAsync();
            }
            catch (Exception e) when (e is SocketException or ObjectDisposedException)
            {
                return;
            }
            if (++_connections <= deaf)
                continue;
            new Thread(() => Serve(serve, new NetworkStream(socket, ownsSocket: true))) { IsBackground = true }.Start();
        }
    }

    private static void Serve(Action<Stream> serve, NetworkStream stream)
    {
        using (stream)
        {
            try
            {
                serve(stream);
            }
            catch (IOException)
            {
                // The host went away.
            }
        }
    }
}

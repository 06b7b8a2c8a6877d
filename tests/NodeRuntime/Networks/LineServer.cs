using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Tests.NodeRuntime.Networks;

/// <summary>A TCP server in some namespace that tells each caller the address it sees, and hangs up.</summary>
public sealed class LineServer : IDisposable
{
    private readonly Socket _listener;

    private LineServer(Socket listener) => _listener = listener;

    public int Port => ((IPEndPoint)_listener.LocalEndPoint!).Port;

    public static async Task<LineServer> StartAsync(NetworkNamespace where)
    {
        var listener = await where.CreateSocketAsync(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        listener.Bind(new IPEndPoint(IPAddress.Any, 0));
        listener.Listen();
        var server = new LineServer(listener);
        _ = server.RunAsync();
        return server;
    }

    public void Dispose() => _listener.Dispose();

    private async Task RunAsync()
    {
        try
        {
            while (true)
            {
                using var caller = await _listener.AcceptAsync();
                await caller.SendAsync(Encoding.ASCII.GetBytes($"{((IPEndPoint)caller.RemoteEndPoint!).Address}\n"));
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Text;

namespace Hypeman.Tests.Ingress.Fakes;

/// <summary>A program in a VM that is no web server: it reads a request, says what it was told to and goes.</summary>
internal sealed class RawTarget : IDisposable
{
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);

    /// <param name="says">Sent as it is once a request has come.</param>
    /// <param name="resets">Whether the connection ends with a reset in place of a close.</param>
    public RawTarget(string says, bool resets)
    {
        _listener.Start();
        _ = ServeAsync(Encoding.ASCII.GetBytes(says), resets);
    }

    public int Port => ((IPEndPoint)_listener.LocalEndpoint).Port;

    /// <summary>Called after each time that it has gone.</summary>
    public Func<Task> Gone { get; set; } = () => Task.CompletedTask;

    public void Dispose() => _listener.Dispose();

    private async Task ServeAsync(byte[] says, bool resets)
    {
        try
        {
            while (true)
            {
                using (var client = await _listener.AcceptSocketAsync())
                {
                    await client.ReceiveAsync(new byte[4096]);
                    await client.SendAsync(says);
                    if (resets)
                        client.LingerState = new LingerOption(true, 0);
                }
                await Gone();
            }
        }
        catch (Exception e) when (e is SocketException or ObjectDisposedException)
        {
            // The test is over.
        }
    }
}

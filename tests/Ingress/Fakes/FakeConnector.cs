using System.Collections.Concurrent;
using System.Net.Sockets;
using Hypeman.Ingress.Forwarding;

namespace Hypeman.Tests.Ingress.Fakes;

/// <summary>Leads ports of instances to ports of this machine, and counts the connections made.</summary>
internal sealed class FakeConnector : IInstanceConnector
{
    private readonly ConcurrentDictionary<(string Id, int Port), Func<CancellationToken, Task<Stream>>> _ways = new();
    private int _connections;

    public int Connections => _connections;

    public ConcurrentQueue<string> Homes { get; } = new();

    /// <summary>Of each connection, whether it keeps its instance awake.</summary>
    public ConcurrentQueue<bool> KeepAwake { get; } = new();

    public void Lead(string instanceId, int port, int toLocalPort) => _ways[(instanceId, port)] = async cancellationToken =>
    {
        var client = new TcpClient();
        await client.ConnectAsync("127.0.0.1", toLocalPort, cancellationToken);
        return client.GetStream();
    };

    public void Lead(string instanceId, int port, Func<CancellationToken, Task<Stream>> way) => _ways[(instanceId, port)] = way;

    public Task<Stream> ConnectAsync(string instanceId, string home, int port, bool keepsAwake, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _connections);
        Homes.Enqueue(home);
        KeepAwake.Enqueue(keepsAwake);
        return _ways.TryGetValue((instanceId, port), out var way)
            ? way(cancellationToken)
            : throw new IOException("connection refused (secret detail 10.100.0.7)");
    }
}

using System.Net;
using System.Net.Sockets;
using System.Threading.Channels;
using Microsoft.AspNetCore.Connections;
using Microsoft.AspNetCore.Server.Kestrel.Transport.Sockets;
using Microsoft.Extensions.Logging;

namespace Hypeman.Ingress.Listening;

/// <summary>
/// The ports that are open. To Kestrel they are one listener, so each opens and closes at once, by itself and without a word
/// to the others; connections that came in by a port live on when it closes, as they are Kestrel's, not the port's.
/// </summary>
/// <param name="address">An IP address, or <c>*</c> for all of both families.</param>
/// <param name="time">Clock.</param>
/// <param name="logger">Told of connections that were lost before they were any.</param>
internal sealed class OpenPorts(string address, TimeProvider time, ILogger<OpenPorts> logger) : IConnectionListenerFactory, IConnectionListener
{
    /// <summary>Connections that the kernel holds until they are accepted.</summary>
    private const int Backlog = 512;

    private readonly SocketConnectionContextFactory _connections = new(new SocketConnectionFactoryOptions(), logger);
    private readonly Channel<ConnectionContext> _accepted = Channel.CreateBounded<ConnectionContext>(1);
    private readonly Dictionary<int, (Socket Socket, Task Accepting)> _open = [];
    private bool _isClosed;

    public EndPoint EndPoint { get; } = new DnsEndPoint(address, 0);

    /// <summary>Listens on one more port.</summary>
    /// <param name="port">0 for any that is free.</param>
    /// <returns>The port.</returns>
    /// <exception cref="SocketException">Another program holds it, or the address is not one of this host.</exception>
    public int Open(int port)
    {
        var socket = Bind(port);
        port = PortOf(socket);
        lock (_open)
        {
            if (_isClosed)
                socket.Dispose();
            else
                _open.Add(port, (socket, AcceptAllAsync(socket)));
        }
        return port;
    }

    public void Close(int port)
    {
        lock (_open)
        {
            if (_open.Remove(port, out var closed))
                closed.Socket.Dispose();
        }
    }

    /// <summary>A port that nobody listens on now.</summary>
    public int FindFree()
    {
        using var probe = Bind(0);
        return PortOf(probe);
    }

    public ValueTask<IConnectionListener> BindAsync(EndPoint endpoint, CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IConnectionListener>(this);

    public async ValueTask<ConnectionContext?> AcceptAsync(CancellationToken cancellationToken = default)
    {
        while (await _accepted.Reader.WaitToReadAsync(cancellationToken))
        {
            if (_accepted.Reader.TryRead(out var connection))
                return connection;
        }
        return null;
    }

    public async ValueTask UnbindAsync(CancellationToken cancellationToken = default)
    {
        List<Task> accepting;
        lock (_open)
        {
            _isClosed = true;
            accepting = [.. _open.Values.Select(port => port.Accepting)];
            foreach (var (socket, _) in _open.Values)
                socket.Dispose();
            _open.Clear();
        }
        _accepted.Writer.TryComplete();
        await Task.WhenAll(accepting);
    }

    public async ValueTask DisposeAsync()
    {
        await UnbindAsync();
        _connections.Dispose();
    }

    private async Task AcceptAllAsync(Socket listener)
    {
        while (true)
        {
            try
            {
                var socket = await listener.AcceptAsync();
                if (!await TakeAsync(socket))
                    return;
            }
            catch (Exception e) when (e is ObjectDisposedException or SocketException { SocketErrorCode: SocketError.OperationAborted })
            {
                return;
            }
            catch (SocketException e)
            {
                // One that was reset while it waited, which the next one is not; or no more files can be open, which passes.
                logger.LogDebug("A connection was not accepted: {Reason}", e.Message);
                if (e.SocketErrorCode is not (SocketError.ConnectionReset or SocketError.ConnectionAborted))
                    await Task.Delay(Limits.AcceptRetry, time);
            }
        }
    }

    /// <summary>Hands a connection to the server; false when that takes no more.</summary>
    private async Task<bool> TakeAsync(Socket socket)
    {
        ConnectionContext connection;
        try
        {
            socket.NoDelay = true;
            connection = _connections.Create(socket);
        }
        catch
        {
            socket.Dispose();
            throw;
        }
        try
        {
            await _accepted.Writer.WriteAsync(connection);
            return true;
        }
        catch (ChannelClosedException)
        {
            await connection.DisposeAsync();
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
            socket.Listen(Backlog);
            return socket;
        }
        catch
        {
            socket.Dispose();
            throw;
        }
    }

    private static int PortOf(Socket socket) => ((IPEndPoint)socket.LocalEndPoint!).Port;
}

using System.Net.Sockets;
using System.Text.Json;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>The control session of a running QEMU.</summary>
internal sealed class QmpControl(QmpConnection connection) : IHypervisorControl
{
    public Task Closed => connection.Closed;

    public IAsyncEnumerable<string> Notices => connection.Events.ReadAllAsync().Select(notice => notice.ToString());

    public static async Task<IHypervisorControl> ConnectAsync(string socketPath, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
        }
        catch (SocketException e)
        {
            socket.Dispose();
            throw new NodeException(NodeErrorKind.Unavailable, "The hypervisor does not listen.", e.Message, e);
        }
        catch (OperationCanceledException)
        {
            socket.Dispose();
            throw;
        }
        return new QmpControl(
            await QmpConnection.OpenAsync(new NetworkStream(socket, ownsSocket: true), cancellationToken));
    }

    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken)
    {
        var status = await connection.ExecuteAsync("query-status", cancellationToken);
        return status.TryGetProperty("running", out var running) && running.ValueKind == JsonValueKind.True;
    }

    public Task PressPowerButtonAsync(CancellationToken cancellationToken) =>
        connection.ExecuteAsync("system_powerdown", cancellationToken);

    public Task QuitAsync(CancellationToken cancellationToken) => connection.ExecuteAsync("quit", cancellationToken);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}

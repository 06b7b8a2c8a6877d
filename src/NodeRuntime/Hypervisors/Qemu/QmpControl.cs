using System.Net.Sockets;
using System.Text.Json;
using Hypeman.NodeRuntime.Errors;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>The control session of a running QEMU.</summary>
internal sealed class QmpControl(QmpConnection connection, TimeProvider time) : IHypervisorControl
{
    private static readonly TimeSpan IncomingStep = TimeSpan.FromMilliseconds(2);

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
            await QmpConnection.OpenAsync(new NetworkStream(socket, ownsSocket: true), cancellationToken),
            TimeProvider.System);
    }

    public async Task<bool> IsRunningAsync(CancellationToken cancellationToken)
    {
        var status = await connection.ExecuteAsync("query-status", cancellationToken);
        return status.TryGetProperty("running", out var running) && running.ValueKind == JsonValueKind.True;
    }

    public Task PauseAsync(CancellationToken cancellationToken) => connection.ExecuteAsync("stop", cancellationToken);

    public Task ResumeAsync(CancellationToken cancellationToken) => connection.ExecuteAsync("cont", cancellationToken);

    /// <summary>
    /// The command is named after its first user and needs no Xen: it writes what a migration would, but for the memory.
    /// With <c>live</c> it would also give the disks away.
    /// </summary>
    public Task SaveDevicesAsync(CancellationToken cancellationToken) =>
        connection.ExecuteAsync("xen-save-devices-state", cancellationToken, arguments =>
        {
            arguments.WriteString("filename", $"/proc/self/fd/{(int)VmDescriptor.State}");
            arguments.WriteBoolean("live", false);
        });

    /// <summary>No event tells of the end; it takes some milliseconds.</summary>
    public async Task LoadDevicesAsync(CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("migrate-incoming", cancellationToken, arguments =>
            arguments.WriteString("uri", $"fd:{(int)VmDescriptor.Incoming}"));
        while (true)
        {
            var status = await connection.ExecuteAsync("query-status", cancellationToken);
            if (status.GetProperty("status").GetString() != "inmigrate")
                return;
            await Task.Delay(IncomingStep, time, cancellationToken);
        }
    }

    public Task PressPowerButtonAsync(CancellationToken cancellationToken) =>
        connection.ExecuteAsync("system_powerdown", cancellationToken);

    public Task QuitAsync(CancellationToken cancellationToken) => connection.ExecuteAsync("quit", cancellationToken);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}

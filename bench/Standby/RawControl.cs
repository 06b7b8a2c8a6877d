using System.Net.Sockets;
using System.Text.Json;
using Hypeman.NodeRuntime.Hypervisors.Qemu;

namespace Hypeman.Bench.Standby;

/// <summary>QEMU's control session, for what one types by hand.</summary>
internal sealed class RawControl(QmpConnection connection) : IAsyncDisposable
{
    private static readonly TimeSpan Step = TimeSpan.FromMilliseconds(2);

    public static async Task<RawControl> OpenAsync(string socketPath, CancellationToken cancellationToken)
    {
        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        await socket.ConnectAsync(new UnixDomainSocketEndPoint(socketPath), cancellationToken);
        return new RawControl(await QmpConnection.OpenAsync(new NetworkStream(socket, ownsSocket: true), cancellationToken));
    }

    /// <summary>Halts the guest and writes all of it into a file.</summary>
    public async Task MigrateAsync(string file, CancellationToken cancellationToken)
    {
        await connection.ExecuteAsync("stop", cancellationToken);
        await connection.ExecuteAsync("migrate-set-parameters", cancellationToken, arguments => arguments.WriteNumber("max-bandwidth", 1L << 40));
        await connection.ExecuteAsync("migrate", cancellationToken, arguments => arguments.WriteString("uri", $"exec:cat > '{file}'"));
        while (true)
        {
            var status = (await connection.ExecuteAsync("query-migrate", cancellationToken)).GetProperty("status").GetString();
            if (status == "completed")
                return;
            if (status is "failed" or "cancelled")
                throw new InvalidOperationException($"QEMU's migration into {file} {status}.");
            await Task.Delay(Step, cancellationToken);
        }
    }

    public Task QuitAsync(CancellationToken cancellationToken) => connection.ExecuteAsync("quit", cancellationToken);

    public ValueTask DisposeAsync() => connection.DisposeAsync();
}

using System.Net.WebSockets;
using Hypeman.Tests.Gateway.Streams;

namespace Hypeman.Tests.Gateway.Hosting;

/// <summary>What open streams see when the server ends. It takes a server of its own.</summary>
public sealed class ShutdownTests : IAsyncLifetime
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private readonly ApiHost _api = new();

    public ValueTask InitializeAsync() => _api.InitializeAsync();

    public ValueTask DisposeAsync() => _api.DisposeAsync();

    [Fact]
    public async Task Open_commands_are_closed_as_going_away_and_killed()
    {
        await using var guest = new ScriptedSession();
        guest.Says("ready");
        _api.Node.Vms.Guest = _ => guest;
        using (var created = await _api.Client.PostAsync(
            "/instances", new StringContent("""{"name": "a", "image": "web"}""", null, "application/json")))
            created.EnsureSuccessStatusCode();
        await _api.Client.GetStringAsync("/instances/a/wait?state=Running");
        using var socket = await _api.ConnectAsync("/instances/a/exec");
        await socket.SendAsync("{}"u8.ToArray(), WebSocketMessageType.Text, true, CancellationToken.None);
        var buffer = new byte[64];
        Assert.Equal(5, (await socket.ReceiveAsync(buffer, CancellationToken.None)).Count);

        var stopping = _api.StopApiAsync();
        var close = await socket.ReceiveAsync(buffer, CancellationToken.None).WaitAsync(Patience);
        Assert.Equal(WebSocketMessageType.Close, close.MessageType);
        Assert.Equal(WebSocketCloseStatus.EndpointUnavailable, close.CloseStatus);
        await socket.CloseOutputAsync(WebSocketCloseStatus.NormalClosure, null, CancellationToken.None);
        await guest.Disposed.WaitAsync(Patience);
        await stopping.WaitAsync(Patience);
    }
}

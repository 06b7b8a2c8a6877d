using System.Net.WebSockets;
using System.Text;
using Hypeman.Contracts.Instances;
using Hypeman.Tests.Ingress.Fakes;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Forwarding;

public class WebSocketTests
{
    [Fact]
    public async Task Messages_and_the_close_go_both_ways()
    {
        await using var backend = await Backend.StartAsync(EchoAsync);
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        using var socket = await OpenAsync(ingress);

        await socket.SendAsync("hello"u8.ToArray(), WebSocketMessageType.Text, true, default);
        var buffer = new byte[100];
        var got = await socket.ReceiveAsync(buffer, default);
        Assert.Equal("hello", Encoding.UTF8.GetString(buffer, 0, got.Count));
        Assert.Equal("chat", socket.SubProtocol);

        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, "bye", default);
        Assert.Equal(WebSocketCloseStatus.NormalClosure, socket.CloseStatus);
        Assert.Equal("bye", socket.CloseStatusDescription);
    }

    [Fact]
    public async Task The_stop_of_the_instance_ends_its_open_sockets()
    {
        await using var backend = await Backend.StartAsync(EchoAsync);
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        using var socket = await OpenAsync(ingress);

        await ingress.PutAsync(Rows.Instance("web-id", "web", InstancePhase.Stopped));

        await Assert.ThrowsAnyAsync<WebSocketException>(
            () => socket.ReceiveAsync(new byte[10], default).WaitAsync(IngressHarness.Patience));
    }

    private static async Task<ClientWebSocket> OpenAsync(IngressHarness ingress)
    {
        var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", "web.example.com");
        socket.Options.AddSubProtocol("chat");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{ingress.Port}/socket"), default);
        return socket;
    }

    private static async Task EchoAsync(HttpContext context)
    {
        using var socket = await context.WebSockets.AcceptWebSocketAsync("chat");
        var buffer = new byte[4096];
        try
        {
            while (true)
            {
                var got = await socket.ReceiveAsync(buffer, context.RequestAborted);
                if (got.MessageType == WebSocketMessageType.Close)
                {
                    await socket.CloseAsync(got.CloseStatus!.Value, got.CloseStatusDescription, context.RequestAborted);
                    return;
                }
                await socket.SendAsync(buffer.AsMemory(0, got.Count), got.MessageType, got.EndOfMessage, context.RequestAborted);
            }
        }
        catch (Exception e) when (e is WebSocketException or OperationCanceledException)
        {
            // The peer went without a close, as peers do.
        }
    }
}

using System.Net;
using System.Net.Sockets;
using System.Net.WebSockets;
using Hypeman.Contracts.Index;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Listening;

/// <summary>What is open when a port, or all of it, closes.</summary>
public sealed class DrainTests
{
    private const string Host = "web.example.com";

    private readonly TaskCompletionSource _goOn = new();

    [Fact]
    public async Task A_request_in_flight_ends_though_the_port_that_it_came_by_has_closed()
    {
        await using var backend = await Backend.StartAsync(AnswerInTwoPartsAsync);
        await using var ingress = await IngressHarness.StartAsync();
        var port = PortsTests.FreePort();
        await ingress.PublishAsync(Host, backend, change: rule => rule with { Port = port });
        await Until.True(() => PortsTests.Accepts(port), IngressHarness.Patience, "the port is open");
        var response = await ingress.GetAsync(Host, port: port);

        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "web-ingress");
        await Until.True(() => !PortsTests.Accepts(port), IngressHarness.Patience, "the port is closed");
        _goOn.SetResult();

        Assert.Equal("first second", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_process_that_ends_takes_nobody_new_and_lets_requests_end()
    {
        await using var backend = await Backend.StartAsync(AnswerInTwoPartsAsync);
        await using var ingress = await IngressHarness.StartAsync(options => options.DrainTimeout = IngressHarness.Patience);
        await ingress.PublishAsync(Host, backend);
        var port = ingress.Port;
        var response = await ingress.GetAsync(Host);

        var stopping = ingress.StopAsync();
        await Until.True(() => !PortsTests.Accepts(port), IngressHarness.Patience, "the port is closed");
        Assert.False(stopping.IsCompleted);
        _goOn.SetResult();

        Assert.Equal("first second", await response.Content.ReadAsStringAsync());
        await stopping.WaitAsync(IngressHarness.Patience);
    }

    [Fact]
    public async Task A_caller_of_a_process_that_ends_is_told_to_come_back_by_another_connection()
    {
        await using var backend = await Backend.StartAsync(async context =>
        {
            if (context.Request.Path == "/slow")
                await _goOn.Task;
            await context.Response.WriteAsync("whole");
        });
        await using var ingress = await IngressHarness.StartAsync(options => options.DrainTimeout = IngressHarness.Patience);
        await ingress.PublishAsync(Host, backend);
        Assert.Null((await ingress.GetAsync(Host)).Headers.ConnectionClose);
        var port = ingress.Port;
        var answering = ingress.GetAsync(Host, "/slow");
        await Until.True(() => ingress.Health.OpenRequests == 1, IngressHarness.Patience, "the request is there");

        var stopping = ingress.StopAsync();
        await Until.True(() => !PortsTests.Accepts(port), IngressHarness.Patience, "the port is closed");
        _goOn.SetResult();

        var answer = await answering;
        Assert.True(answer.Headers.ConnectionClose);
        Assert.Equal("whole", await answer.Content.ReadAsStringAsync());
        await stopping.WaitAsync(IngressHarness.Patience);
    }

    [Fact]
    public async Task A_stream_of_HTTP_2_ends_though_its_connection_takes_no_more()
    {
        await using var backend = await Backend.StartAsync(AnswerInTwoPartsAsync);
        await using var ingress = await IngressHarness.StartAsync(options => options.DrainTimeout = IngressHarness.Patience);
        await ingress.PublishTlsAsync(Host, backend.Port);
        using var client = ingress.TlsClient(Host);
        var request = new HttpRequestMessage(HttpMethod.Get, $"https://{Host}/")
        {
            Version = HttpVersion.Version20,
            VersionPolicy = HttpVersionPolicy.RequestVersionExact,
        };
        var port = ingress.TlsPort;
        var response = await client.SendAsync(request, default);

        var stopping = ingress.StopAsync();
        await Until.True(() => !PortsTests.Accepts(port), IngressHarness.Patience, "the port is closed");
        _goOn.SetResult();

        Assert.Equal("first second", await response.Content.ReadAsStringAsync());
        await stopping.WaitAsync(IngressHarness.Patience);
    }

    [Fact]
    public async Task A_connection_outlives_its_port_and_finds_there_what_is_left()
    {
        await using var backend = await Backend.StartAsync(AnswerInTwoPartsAsync);
        await using var ingress = await IngressHarness.StartAsync();
        var port = PortsTests.FreePort();
        await ingress.PublishAsync(Host, backend, change: rule => rule with { Port = port });
        await Until.True(() => PortsTests.Accepts(port), IngressHarness.Patience, "the port is open");
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, port);
        var (stream, request) = (client.GetStream(), System.Text.Encoding.ASCII.GetBytes($"GET / HTTP/1.1\r\nHost: {Host}\r\n\r\n"));
        await stream.WriteAsync(request);
        var reader = new StreamReader(stream);
        Assert.Equal("HTTP/1.1 200 OK", await reader.ReadLineAsync().WaitAsync(IngressHarness.Patience));

        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "web-ingress");
        await Until.True(() => !PortsTests.Accepts(port), IngressHarness.Patience, "the port is closed");
        _goOn.SetResult();
        await stream.WriteAsync(request);

        string? line;
        var lines = new List<string>();
        while ((line = await reader.ReadLineAsync().WaitAsync(IngressHarness.Patience)) is not null && !line.StartsWith("HTTP/1.1", StringComparison.Ordinal))
            lines.Add(line);
        Assert.Contains("second", lines);
        Assert.Equal("HTTP/1.1 404 Not Found", line);
    }

    [Fact]
    public async Task Who_has_connected_and_says_nothing_is_not_waited_for()
    {
        await using var ingress = await IngressHarness.StartAsync(options => options.DrainTimeout = TimeSpan.FromMinutes(1));
        using var silent = new TcpClient();
        await silent.ConnectAsync(IPAddress.Loopback, ingress.Port);
        await ingress.GetAsync(Host);

        await ingress.StopAsync().WaitAsync(IngressHarness.Patience);
    }

    [Fact]
    public async Task What_does_not_end_by_itself_is_cut_off_when_its_time_is_over()
    {
        await using var backend = await Backend.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await Assert.ThrowsAnyAsync<Exception>(async () => await socket.ReceiveAsync(new byte[10], default));
        });
        await using var ingress = await IngressHarness.StartAsync(options => options.DrainTimeout = TimeSpan.FromMilliseconds(200));
        await ingress.PublishAsync(Host, backend);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", Host);
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{ingress.Port}/"), default);

        await ingress.StopAsync().WaitAsync(IngressHarness.Patience);

        await Assert.ThrowsAnyAsync<WebSocketException>(() => socket.ReceiveAsync(new byte[10], default).WaitAsync(IngressHarness.Patience));
    }

    private async Task AnswerInTwoPartsAsync(HttpContext context)
    {
        await context.Response.WriteAsync("first ");
        await context.Response.Body.FlushAsync();
        await _goOn.Task;
        await context.Response.WriteAsync("second");
    }
}

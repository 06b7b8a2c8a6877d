using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypeman.Ingress;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Forwarding;

/// <summary>Callers who take their time, or all there is: what they hold is bounded, and nobody else waits for them.</summary>
public sealed class SlowCallerTests
{
    private const string Host = "web.example.com";
    private const int Crowd = 3_000;

    /// <summary>Of all that the ingress holds for a connection that says nothing, and the tests for their end of it.</summary>
    private const int MostBytesEach = 24 * 1024;

    [Theory]
    [InlineData("GET / HTT")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com\r\nX-Slow: ")]
    public async Task Headers_that_do_not_end_are_a_408(string begun)
    {
        await using var backend = await Backend.Saying("unharmed");
        await using var ingress = await StartAsync(backend, options => options.HeadersTimeout = TimeSpan.FromSeconds(1));

        Assert.StartsWith("HTTP/1.1 408", await ingress.RawAsync(begun));
        Assert.Equal("unharmed", await (await ingress.GetAsync(Host)).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_body_that_stops_halfway_is_a_408_and_its_instance_sees_it_break()
    {
        var broke = new TaskCompletionSource();
        await using var backend = await Backend.StartAsync(async context =>
        {
            try
            {
                await context.Request.Body.CopyToAsync(Stream.Null);
            }
            catch (Exception e) when (e is IOException or BadHttpRequestException or OperationCanceledException)
            {
                broke.SetResult();
            }
        });
        await using var ingress = await StartAsync(backend, options => options.IdleTimeout = TimeSpan.FromSeconds(1));

        var answer = await ingress.RawAsync($"POST / HTTP/1.1\r\nHost: {Host}\r\nContent-Length: 10\r\n\r\nhalf");

        Assert.StartsWith("HTTP/1.1 408", answer);
        await broke.Task.WaitAsync(IngressHarness.Patience);
    }

    [Fact]
    public async Task A_body_that_comes_byte_by_byte_arrives_as_it_comes()
    {
        using var arrived = new SemaphoreSlim(0);
        await using var backend = await Backend.StartAsync(async context =>
        {
            var (one, all) = (new byte[1], new StringBuilder());
            while (await context.Request.Body.ReadAsync(one) > 0)
            {
                all.Append((char)one[0]);
                arrived.Release();
            }
            await context.Response.WriteAsync($"[{all}]");
        });
        await using var ingress = await StartAsync(backend);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, ingress.Port);
        var stream = client.GetStream();

        await SayAsync(stream, $"POST / HTTP/1.1\r\nHost: {Host}\r\nConnection: close\r\nContent-Length: 5\r\n\r\n");
        foreach (var letter in "bytes")
        {
            await SayAsync(stream, $"{letter}");
            Assert.True(await arrived.WaitAsync(IngressHarness.Patience));
        }

        Assert.Contains("[bytes]", await new StreamReader(stream).ReadToEndAsync().WaitAsync(IngressHarness.Patience));
    }

    [Fact]
    public async Task A_caller_that_waits_for_a_100_gets_it_before_it_sends_its_body()
    {
        await using var backend = await Backend.StartAsync(async context =>
            await context.Response.WriteAsync(await new StreamReader(context.Request.Body).ReadToEndAsync()));
        await using var ingress = await StartAsync(backend);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, ingress.Port);
        var reader = new StreamReader(client.GetStream());

        await SayAsync(client.GetStream(), $"POST / HTTP/1.1\r\nHost: {Host}\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n");
        Assert.Equal("HTTP/1.1 100 Continue", await reader.ReadLineAsync().WaitAsync(IngressHarness.Patience));
        await SayAsync(client.GetStream(), "hello");

        var answer = await reader.ReadToEndAsync().WaitAsync(IngressHarness.Patience);
        Assert.Contains("HTTP/1.1 200", answer);
        Assert.Contains("hello", answer);
    }

    [Fact]
    public async Task A_caller_that_reads_nothing_holds_back_its_instance_and_nobody_else()
    {
        const int whole = 200 * 1024 * 1024;
        var sent = 0L;
        await using var backend = await Backend.StartAsync(async context =>
        {
            for (var portion = new byte[64 * 1024]; sent < whole; Interlocked.Add(ref sent, portion.Length))
                await context.Response.Body.WriteAsync(portion, context.RequestAborted);
        });
        await using var other = await Backend.Saying("unharmed");
        await using var ingress = await StartAsync(backend);
        await ingress.PublishAsync("other.example.com", other, "other");
        using var client = new TcpClient { ReceiveBufferSize = 8 * 1024 };
        await client.ConnectAsync(IPAddress.Loopback, ingress.Port);
        await SayAsync(client.GetStream(), $"GET / HTTP/1.1\r\nHost: {Host}\r\n\r\n");

        // It stands still when what was sent is the same after some others have been served.
        var before = -1L;
        await Until.True(
            async () =>
            {
                var last = before;
                Assert.Equal("unharmed", await (await ingress.GetAsync("other.example.com")).Content.ReadAsStringAsync());
                before = Interlocked.Read(ref sent);
                return before > 0 && before == last;
            },
            IngressHarness.Patience, "the instance is held back");

        Assert.True(before < whole / 4, $"{before} bytes were sent to a caller that reads nothing");
    }

    [Fact]
    public async Task Thousands_who_say_nothing_take_little_and_keep_nobody_out()
    {
        await using var backend = await Backend.Saying("unharmed");
        await using var ingress = await StartAsync(backend);
        await ingress.GetAsync(Host);
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var crowd = new List<Socket>();
        try
        {
            for (var i = 0; i < Crowd; i++)
            {
                crowd.Add(new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp));
                await crowd[^1].ConnectAsync(IPAddress.Loopback, ingress.Port);
            }

            Assert.Equal("unharmed", await (await ingress.GetAsync(Host)).Content.ReadAsStringAsync());
            var each = (GC.GetTotalMemory(forceFullCollection: true) - before) / Crowd;
            Assert.True(each < MostBytesEach, $"{each} bytes are held for each connection");
        }
        finally
        {
            crowd.ForEach(socket => socket.Dispose());
        }
    }

    [Fact]
    public async Task Who_comes_when_all_connections_are_taken_is_turned_away_until_one_is_free()
    {
        await using var backend = await Backend.Saying("unharmed");
        await using var ingress = await StartAsync(backend, options => options.MaxConnections = 2);
        ingress.Client.DefaultRequestHeaders.ConnectionClose = true;
        using var first = new TcpClient();
        using var second = new TcpClient();
        await first.ConnectAsync(IPAddress.Loopback, ingress.Port);
        await second.ConnectAsync(IPAddress.Loopback, ingress.Port);

        await Assert.ThrowsAsync<HttpRequestException>(() => ingress.GetAsync(Host));
        first.Close();

        await Until.True(async () => await IsServedAsync(ingress), IngressHarness.Patience, "there is room again");
    }

    private static async Task<bool> IsServedAsync(IngressHarness ingress)
    {
        try
        {
            return await (await ingress.GetAsync(Host)).Content.ReadAsStringAsync() == "unharmed";
        }
        catch (HttpRequestException)
        {
            return false;
        }
    }

    private static async Task<IngressHarness> StartAsync(Backend backend, Action<IngressOptions>? configure = null)
    {
        var ingress = await IngressHarness.StartAsync(configure);
        await ingress.PublishAsync(Host, backend);
        return ingress;
    }

    private static Task SayAsync(NetworkStream stream, string text) => stream.WriteAsync(Encoding.ASCII.GetBytes(text)).AsTask();
}

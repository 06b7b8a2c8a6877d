using System.Net;
using System.Net.Sockets;
using Hypeman.Contracts.Ingresses;
using Hypeman.Tests.Ingress.Fakes;

namespace Hypeman.Tests.Ingress.Certificates;

/// <summary>Callers that mean no good, or do not know how.</summary>
public sealed class TlsAbuseTests
{
    [Theory]
    [InlineData(new byte[] { 22, 3, 1, 0, 5, 9, 9, 9, 9, 9 })]
    [InlineData(new byte[] { 22, 22, 22, 22, 22, 22 })]
    [InlineData(new byte[] { 22, 3, 1, 0xFF, 0xFF, 1, 2, 3 })]
    public async Task Garbage_ends_the_connection_and_nothing_else(byte[] garbage)
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        using var client = new TcpClient();
        await client.ConnectAsync(IPAddress.Loopback, ingress.Port);

        await client.GetStream().WriteAsync(garbage);

        Assert.Equal(0, await ReadAsync(client));
        Assert.Equal("hello", await (await ingress.GetAsync("web.example.com")).Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task Many_that_begin_a_handshake_and_say_no_more_are_not_felt_by_others()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        await ingress.PublishAsync("tls.example.com", backend, "tls", change: rule => rule with { Tls = true, Port = IngressRule.HttpsPort });
        var idle = Enumerable.Range(0, 500).Select(_ => new TcpClient()).ToList();
        try
        {
            foreach (var client in idle)
            {
                await client.ConnectAsync(IPAddress.Loopback, ingress.Port);
                await client.GetStream().WriteAsync((byte[])[22, 3, 1, 1, 0]);
            }

            Assert.Equal("hello", await (await ingress.GetAsync("web.example.com")).Content.ReadAsStringAsync());
        }
        finally
        {
            idle.ForEach(client => client.Dispose());
        }
    }

    private static async Task<int> ReadAsync(TcpClient client)
    {
        try
        {
            return await client.GetStream().ReadAsync(new byte[100]).AsTask().WaitAsync(IngressHarness.Patience);
        }
        catch (IOException)
        {
            return 0;
        }
    }
}

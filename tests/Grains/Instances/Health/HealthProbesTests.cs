using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances.Health;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances.Health;

/// <summary>One probe of a guest that answers well, badly, or far too much.</summary>
public sealed class HealthProbesTests : IDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    private readonly SimulatedNode _node = new("node-0");
    private readonly TcpListener _listener = new(IPAddress.Loopback, 0);
    private readonly CancellationTokenSource _patience = new(Patience);

    public HealthProbesTests()
    {
        _listener.Start();
        _node.Vms.Plant(new VmStatus { Id = "vm", Epoch = 1, Boot = 1, Phase = VmPhase.Running, HasRun = true, Ip = "10.100.0.9", Mac = "02:00:00:00:00:01" });
        _node.Vms.Ports = async (_, _, token) =>
        {
            var client = new TcpClient();
            await client.ConnectAsync((IPEndPoint)_listener.LocalEndpoint, token);
            return client.GetStream();
        };
    }

    public void Dispose()
    {
        _listener.Dispose();
        _node.Dispose();
        _patience.Dispose();
    }

    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n", 200, null)]
    [InlineData("HTTP/1.1 204 No Content\r\n\r\n", 204, null)]
    [InlineData("HTTP/1.1 503 Busy\r\nContent-Length: 0\r\n\r\n", 200, "status 503, not 200")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 200, "status 302, not 200")]
    [InlineData("HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/\r\nContent-Length: 0\r\n\r\n", 302, null)]
    public async Task The_status_of_a_get_must_be_the_expected_one_and_nothing_is_followed(string answer, int expected, string? error)
    {
        var asked = AnswerAsync(Encoding.ASCII.GetBytes(answer));

        Assert.Equal(error, await HttpAsync(expected));
        Assert.StartsWith("GET /healthz?deep=1 HTTP/1.1\r\nHost: 10.100.0.9:8080\r\n", await asked, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_body_without_end_is_not_read()
    {
        var asked = AnswerAsync("HTTP/1.1 200 OK\r\n\r\n"u8.ToArray(), "x"u8.ToArray());

        Assert.Null(await HttpAsync(200));
        await asked;
    }

    [Fact]
    public async Task Headers_without_end_are_an_error()
    {
        var asked = AnswerAsync("HTTP/1.1 200 OK\r\n"u8.ToArray(), "a: b\r\n"u8.ToArray());

        await Assert.ThrowsAsync<HttpRequestException>(() => HttpAsync(200));
        await asked;
    }

    [Fact]
    public async Task A_connection_must_be_taken()
    {
        Assert.Null(await TcpAsync());
        _node.Vms.Ports = null;
        Assert.Equal(NodeErrorKind.Unavailable, (await Assert.ThrowsAsync<NodeException>(TcpAsync)).Kind);
    }

    [Theory]
    [InlineData(0, null)]
    [InlineData(3, "exit code 3")]
    public async Task A_command_must_end_with_0(int exitCode, string? error)
    {
        _node.Vms.Guest = request => new EndingSession(exitCode, "");

        Assert.Equal(error, await ExecAsync());
    }

    [Fact]
    public async Task Of_what_a_command_says_the_beginning_is_told()
    {
        _node.Vms.Guest = request => new EndingSession(1, new string('y', 100_000));

        Assert.Equal("exit code 1: " + new string('y', 200), await ExecAsync());
    }

    private Task<string?> HttpAsync(int expected) => RunAsync(new HealthCheck
    {
        Kind = HealthCheckKind.Http,
        Http = new HttpProbe { Port = 8080, Path = "/healthz?deep=1", ExpectedStatus = expected },
    });

    private Task<string?> TcpAsync() => RunAsync(new HealthCheck { Kind = HealthCheckKind.Tcp, Tcp = new TcpProbe(1) });

    private Task<string?> ExecAsync() => RunAsync(new HealthCheck { Kind = HealthCheckKind.Exec, Exec = new ExecProbe { Command = ["check"] } });

    private Task<string?> RunAsync(HealthCheck check) => HealthProbes.RunAsync(_node.Vms, "vm", check, _patience.Token);

    /// <summary>Answers one request, and then sends something again and again until nobody listens.</summary>
    private async Task<string> AnswerAsync(byte[] answer, byte[]? again = null)
    {
        using var client = await _listener.AcceptTcpClientAsync(_patience.Token);
        var stream = client.GetStream();
        var request = new byte[4096];
        var length = await stream.ReadAsync(request, _patience.Token);
        try
        {
            await stream.WriteAsync(answer, _patience.Token);
            while (again is not null)
                await stream.WriteAsync(again, _patience.Token);
        }
        catch (IOException)
        {
            // It was cut off.
        }
        return Encoding.ASCII.GetString(request, 0, length);
    }
}

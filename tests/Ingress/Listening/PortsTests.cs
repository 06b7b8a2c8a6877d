using System.Net;
using System.Net.Sockets;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Listening;

public class PortsTests
{
    [Fact]
    public async Task A_port_is_open_while_a_rule_is_for_it_and_serves_only_its_rules()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        var port = FreePort();
        Assert.False(Accepts(port));

        await ingress.Index.PutAsync(Rows.Ingress("extra", "extra.example.com", "web", port: port));
        await Until.True(() => Accepts(port), IngressHarness.Patience, "the port is open");
        Assert.Equal("hello", await (await ingress.GetAsync("extra.example.com", port: port)).Content.ReadAsStringAsync());
        Assert.Equal(HttpStatusCode.NotFound, (await ingress.GetAsync("web.example.com", port: port)).StatusCode);
        Assert.Equal(HttpStatusCode.NotFound, (await ingress.GetAsync("extra.example.com")).StatusCode);

        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "extra");
        await Until.True(() => !Accepts(port), IngressHarness.Patience, "the port is closed");
        Assert.Equal(HttpStatusCode.OK, (await ingress.GetAsync("web.example.com")).StatusCode);
    }

    [Fact]
    public async Task A_request_in_flight_on_the_default_port_outlives_changes_of_other_ports()
    {
        var goOn = new TaskCompletionSource();
        await using var backend = await Backend.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first ");
            await context.Response.Body.FlushAsync();
            await goOn.Task;
            await context.Response.WriteAsync("second");
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        var response = await ingress.GetAsync("web.example.com");

        var port = FreePort();
        await ingress.Index.PutAsync(Rows.Ingress("extra", "extra.example.com", "web", port: port));
        await Until.True(() => Accepts(port), IngressHarness.Patience, "the port is open");
        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "extra");
        await Until.True(() => !Accepts(port), IngressHarness.Patience, "the port is closed");
        goOn.SetResult();

        Assert.Equal("first second", await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task A_connection_that_stays_on_a_closed_port_does_not_keep_new_ports_closed()
    {
        await using var backend = await Backend.StartAsync(async context =>
        {
            await context.Response.WriteAsync("first ");
            await context.Response.Body.FlushAsync();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        var (first, second) = (FreePort(), FreePort());
        await ingress.Index.PutAsync(Rows.Ingress("first", "first.example.com", "web", port: first));
        await Until.True(() => Accepts(first), IngressHarness.Patience, "the first port is open");
        using var streaming = await ingress.GetAsync("first.example.com", port: first);

        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "first");
        await Until.True(() => !Accepts(first), IngressHarness.Patience, "the first port is closed");
        await ingress.Index.PutAsync(Rows.Ingress("second", "second.example.com", "web", port: second));

        await Until.True(() => Accepts(second), IngressHarness.Patience, "the second port is open");
    }

    [Fact]
    public async Task A_port_that_another_program_holds_keeps_no_other_port_closed()
    {
        await using var ingress = await IngressHarness.StartAsync();
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var held = ((IPEndPoint)holder.LocalEndpoint).Port;
        var free = FreePort();

        await ingress.Index.PutAsync(Rows.Ingress("held", "held.example.com", "web", port: held));
        await ingress.Index.PutAsync(Rows.Ingress("free", "free.example.com", "web", port: free));

        await Until.True(() => Accepts(free), IngressHarness.Patience, "the free port is open");
        Assert.Equal((IngressCondition.Degraded, $"other programs hold ports of rules: {held}"), (ingress.Health.Condition, ingress.Health.Reason));
        await ingress.Index.DeleteAsync(ResourceKind.Ingress, "held");
        await Until.True(() => ingress.Health.Condition == IngressCondition.Ready, IngressHarness.Patience, "all is well without it");
    }

    [Fact]
    public async Task A_default_port_that_is_taken_is_a_clear_error()
    {
        using var holder = new TcpListener(IPAddress.Loopback, 0);
        holder.Start();
        var held = ((IPEndPoint)holder.LocalEndpoint).Port;

        var error = await Assert.ThrowsAsync<IOException>(() => IngressHarness.StartAsync(options => options.ListenPort = held));

        Assert.Contains($"cannot listen on port {held}", error.Message);
    }

    internal static bool Accepts(int port)
    {
        using var socket = new Socket(AddressFamily.InterNetwork, SocketType.Stream, ProtocolType.Tcp);
        try
        {
            socket.Connect(IPAddress.Loopback, port);
            return true;
        }
        catch (SocketException)
        {
            return false;
        }
    }

    internal static int FreePort()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        return ((IPEndPoint)listener.LocalEndpoint).Port;
    }
}

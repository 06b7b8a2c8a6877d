using System.Net;
using System.Net.Sockets;
using System.Text;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Ingress.Forwarding;

public class DeadTargetTests
{
    [Fact]
    public async Task An_unknown_host_is_told_so()
    {
        await using var ingress = await IngressHarness.StartAsync();

        var response = await ingress.GetAsync("Nobody.example.com:8080");

        Assert.Equal(HttpStatusCode.NotFound, response.StatusCode);
        Assert.Equal("text/plain", response.Content.Headers.ContentType!.MediaType);
        const string why = "Not found: no ingress configured for hostname nobody.example.com";
        Assert.Equal(why, await response.Content.ReadAsStringAsync());
        Assert.Equal(why.Length, response.Content.Headers.ContentLength);
    }

    [Theory]
    [InlineData(InstancePhase.Stopped)]
    [InlineData(InstancePhase.Shutdown)]
    public async Task A_target_that_does_not_run_is_a_502_that_says_so(InstancePhase phase)
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        await ingress.PutAsync(Rows.Instance("web-id", "web", phase));

        await AssertRefusedAsync(ingress, HttpStatusCode.BadGateway, $"is not running (state: {phase})");
        Assert.Equal(0, ingress.Connector.Connections);
    }

    [Fact]
    public async Task A_target_that_was_deleted_is_a_502()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        await ingress.Index.DeleteAsync(ResourceKind.Instance, "web-id");
        await Until.True(() => ingress.Instances.Find("web") is null, IngressHarness.Patience, "the instance is gone");

        await AssertRefusedAsync(ingress, HttpStatusCode.BadGateway, "does not exist any more");
    }

    [Fact]
    public async Task A_port_that_nobody_listens_on_is_a_502_without_internals()
    {
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PutAsync(Rows.Instance("web-id", "web"));
        await ingress.Index.PutAsync(Rows.Ingress("g", "web.example.com", "web", targetPort: 9999));
        await Until.True(() => ingress.Routes.Find("web.example.com", 80) is not null, IngressHarness.Patience, "the route is there");

        var text = await AssertRefusedAsync(ingress, HttpStatusCode.BadGateway, "cannot be reached");
        Assert.DoesNotContain("secret", text);
        Assert.DoesNotContain("10.100", text);
    }

    [Fact]
    public async Task An_instance_that_lets_nobody_connect_in_time_is_a_504()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync(options => options.ConnectTimeout = TimeSpan.FromMilliseconds(50));
        await ingress.PublishAsync("web.example.com", backend);
        ingress.Connector.Lead("web-id", 8080, async cancellationToken =>
        {
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
            return Stream.Null;
        });

        await AssertRefusedAsync(ingress, HttpStatusCode.GatewayTimeout, "did not answer in time");
    }

    [Fact]
    public async Task An_instance_that_never_answers_is_a_504()
    {
        await using var backend = await Backend.StartAsync(context => Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted));
        await using var ingress = await IngressHarness.StartAsync(options => options.IdleTimeout = TimeSpan.FromMilliseconds(100));
        await ingress.PublishAsync("web.example.com", backend);

        await AssertRefusedAsync(ingress, HttpStatusCode.GatewayTimeout, "did not answer in time");
    }

    [Fact]
    public async Task An_instance_that_speaks_no_http_is_a_502()
    {
        using var listener = new TcpListener(IPAddress.Loopback, 0);
        listener.Start();
        var talking = TalkAsync(listener);
        await using var backend = await Backend.Saying("unused");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        ingress.Connector.Lead("web-id", 8080, ((IPEndPoint)listener.LocalEndpoint).Port);

        await AssertRefusedAsync(ingress, HttpStatusCode.BadGateway, "gave no valid answer");
        await talking;

        static async Task TalkAsync(TcpListener listener)
        {
            using var client = await listener.AcceptTcpClientAsync();
            await client.GetStream().WriteAsync("220 mail ready\r\n"u8.ToArray());
            await client.GetStream().ReadAtLeastAsync(new byte[1000], 1);
        }
    }

    [Fact]
    public async Task A_body_above_the_limit_is_a_413()
    {
        await using var backend = await Backend.StartAsync(context => context.Request.Body.CopyToAsync(Stream.Null));
        await using var ingress = await IngressHarness.StartAsync(options => options.MaxRequestBodyBytes = 10);
        await ingress.PublishAsync("web.example.com", backend);

        var request = new HttpRequestMessage(HttpMethod.Post, ingress.Url()) { Content = new StringContent(new string('x', 11)) };
        var response = await ingress.SendAsync(request, "web.example.com");

        Assert.Equal(HttpStatusCode.RequestEntityTooLarge, response.StatusCode);
    }

    [Fact]
    public async Task A_restarted_instance_is_never_sent_a_connection_of_its_former_life()
    {
        await using var first = await Backend.Saying("first life");
        await using var second = await Backend.Saying("second life");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", first);
        for (var i = 0; i < 3; i++)
            Assert.Equal("first life", await (await ingress.GetAsync("web.example.com")).Content.ReadAsStringAsync());
        Assert.Equal(1, ingress.Connector.Connections);

        // The former connection is still open on both sides: only the number of the incarnation tells them apart.
        ingress.Connector.Lead("web-id", 8080, second.Port);
        await ingress.PutAsync(Rows.Instance("web-id", "web") with { StartedAt = Rows.Start.AddMinutes(1) });

        Assert.Equal("second life", await (await ingress.GetAsync("web.example.com")).Content.ReadAsStringAsync());
        Assert.Equal(2, ingress.Connector.Connections);
    }

    [Fact]
    public async Task A_request_in_flight_ends_with_a_502_when_its_instance_stops()
    {
        var arrived = new TaskCompletionSource();
        await using var backend = await Backend.StartAsync(async context =>
        {
            arrived.SetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, context.RequestAborted);
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);
        var request = ingress.GetAsync("web.example.com");
        await arrived.Task.WaitAsync(IngressHarness.Patience);

        await ingress.PutAsync(Rows.Instance("web-id", "web", InstancePhase.Stopped));

        var response = await request.WaitAsync(IngressHarness.Patience);
        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains("went away", await response.Content.ReadAsStringAsync());
    }

    private static async Task<string> AssertRefusedAsync(IngressHarness ingress, HttpStatusCode status, string saying)
    {
        var response = await ingress.GetAsync("web.example.com");
        var text = Encoding.UTF8.GetString(await response.Content.ReadAsByteArrayAsync());
        Assert.Equal(status, response.StatusCode);
        Assert.Contains(saying, text);
        Assert.DoesNotContain("web-id", text);
        return text;
    }
}

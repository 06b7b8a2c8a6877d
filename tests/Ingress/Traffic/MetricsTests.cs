using System.Net;
using System.Net.WebSockets;
using Hypeman.Contracts.Instances;
using Hypeman.Ingress.Traffic;
using Hypeman.Ingress.Waking;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Diagnostics.Metrics.Testing;

namespace Hypeman.Tests.Ingress.Traffic;

/// <summary>What monitoring gets to see.</summary>
public sealed class MetricsTests
{
    private const string Rule = "hypeman.ingress.rule", Status = "http.response.status_code";

    [Fact]
    public async Task A_request_counts_with_its_rule_its_status_and_the_bytes_both_ways()
    {
        await using var backend = await Backend.StartAsync(async context =>
        {
            await context.Request.Body.CopyToAsync(Stream.Null);
            context.Response.StatusCode = 201;
            await context.Response.WriteAsync(new string('x', 1000));
        });
        await using var ingress = await IngressHarness.StartAsync();
        using var durations = Collect<double>(ingress, "hypeman.ingress.request.duration");
        using var bytes = Collect<long>(ingress, "hypeman.ingress.io");
        await ingress.PublishAsync("web.example.com", backend);

        var response = await ingress.SendAsync(
            new HttpRequestMessage(HttpMethod.Post, ingress.Url()) { Content = new StringContent(new string('y', 70_000)) }, "web.example.com");
        await response.Content.ReadAsByteArrayAsync();

        await durations.WaitForMeasurementsAsync(1, IngressHarness.Patience);
        var duration = Assert.Single(durations.GetMeasurementSnapshot());
        Assert.Equal(("web.example.com:80", 201), (duration.Tags[Rule], duration.Tags[Status]));
        Assert.InRange(duration.Value, double.Epsilon, IngressHarness.Patience.TotalSeconds);
        Assert.Equal(
            [("in", 70_000L), ("out", 1_000L)],
            bytes.GetMeasurementSnapshot().Select(one => ((string)one.Tags["direction"]!, one.Value)).Order());
    }

    [Fact]
    public async Task What_no_rule_is_for_counts_as_none_whatever_host_callers_make_up()
    {
        await using var ingress = await IngressHarness.StartAsync();
        using var durations = Collect<double>(ingress, "hypeman.ingress.request.duration");

        await ingress.GetAsync("a.example.com");
        await ingress.GetAsync("b.example.com");

        await durations.WaitForMeasurementsAsync(2, IngressHarness.Patience);
        Assert.All(durations.GetMeasurementSnapshot(), one => Assert.Equal(("none", 404), (one.Tags[Rule], one.Tags[Status])));
    }

    [Fact]
    public async Task Requests_that_are_open_are_counted_until_they_end()
    {
        var answer = new TaskCompletionSource();
        await using var backend = await Backend.StartAsync(_ => answer.Task);
        await using var ingress = await IngressHarness.StartAsync();
        using var active = Collect<long>(ingress, "hypeman.ingress.active_requests");
        await ingress.PublishAsync("web.example.com", backend);

        var request = ingress.GetAsync("web.example.com");
        await active.WaitForMeasurementsAsync(1, IngressHarness.Patience);
        Assert.Equal(1, active.GetMeasurementSnapshot().EvaluateAsCounter());
        answer.SetResult();
        await request;

        await active.WaitForMeasurementsAsync(2, IngressHarness.Patience);
        Assert.Equal(0, active.GetMeasurementSnapshot().EvaluateAsCounter());
    }

    [Fact]
    public async Task What_a_web_socket_says_counts_when_it_ends()
    {
        await using var backend = await Backend.StartAsync(async context =>
        {
            using var socket = await context.WebSockets.AcceptWebSocketAsync();
            await socket.ReceiveAsync(new byte[1000], default);
            await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);
        });
        await using var ingress = await IngressHarness.StartAsync();
        using var bytes = Collect<long>(ingress, "hypeman.ingress.io");
        await ingress.PublishAsync("web.example.com", backend);
        using var socket = new ClientWebSocket();
        socket.Options.SetRequestHeader("Host", "web.example.com");
        await socket.ConnectAsync(new Uri($"ws://127.0.0.1:{ingress.Port}/"), default);

        await socket.SendAsync(new byte[500], WebSocketMessageType.Binary, true, default);
        await socket.ReceiveAsync(new byte[100], default);
        await socket.CloseAsync(WebSocketCloseStatus.NormalClosure, null, default);

        await bytes.WaitForMeasurementsAsync(2, IngressHarness.Patience);
        var counts = bytes.GetMeasurementSnapshot().ToDictionary(one => (string)one.Tags["direction"]!, one => one.Value);
        // Frames have heads: of 8 bytes with this length from a client, and two closes.
        Assert.InRange(counts["in"], 508, 530);
        Assert.InRange(counts["out"], 2, 10);
    }

    [Theory]
    [InlineData(true, "awake", 200)]
    [InlineData(false, "refused", 502)]
    public async Task A_wake_counts_once_and_each_request_that_waited(bool works, string outcome, int status)
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        using var wakes = Collect<double>(ingress, "hypeman.ingress.wake.duration");
        using var waits = Collect<double>(ingress, "hypeman.ingress.request.wait");
        await ingress.PublishAsync("web.example.com", backend, phase: InstancePhase.Standby);
        var decided = new TaskCompletionSource();
        ingress.Waker.Wake = async (_, _) =>
        {
            await decided.Task;
            await (works ? ingress.PutAsync(Rows.Instance("web-id", "web")) : throw new WakeFailedException("no", mayPass: false));
        };

        var requests = Enumerable.Range(0, 3).Select(_ => ingress.GetAsync("web.example.com")).ToList();
        await Until.True(() => ingress.WakeRoom.Waiting == 3, IngressHarness.Patience, "all wait");
        decided.SetResult();

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal((HttpStatusCode)status, response.StatusCode));
        await waits.WaitForMeasurementsAsync(3, IngressHarness.Patience);
        var wake = Assert.Single(wakes.GetMeasurementSnapshot());
        Assert.Equal(("web.example.com:80", outcome), (wake.Tags[Rule], wake.Tags["outcome"]));
        Assert.All(waits.GetMeasurementSnapshot(), one => Assert.Equal("web.example.com:80", one.Tags[Rule]));
    }

    [Fact]
    public void Labels_beyond_the_budget_are_counted_together_and_those_before_it_stay()
    {
        var labels = new LabelBudget(2);

        Assert.Equal(["a", "b", "other", "a", "other"], "abcac".Select(letter => labels.Of($"{letter}")));
    }

    private static MetricCollector<T> Collect<T>(IngressHarness ingress, string instrument)
        where T : struct => new(ingress.Meters, IngressMetrics.MeterName, instrument);
}

using System.Net;
using Hypeman.Contracts.Ingresses;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Ingress.Forwarding;
using Hypeman.Ingress.Waking;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Waking;

/// <summary>Requests to instances that sleep.</summary>
public sealed class WakeTests
{
    private const string Host = "web.example.com";

    [Theory]
    [InlineData(InstancePhase.Standby, WakeOn.Standby)]
    [InlineData(InstancePhase.Paused, WakeOn.Standby)]
    [InlineData(InstancePhase.Standby, WakeOn.Stopped)]
    [InlineData(InstancePhase.Stopped, WakeOn.Stopped)]
    public async Task A_request_is_held_until_its_instance_runs_and_is_then_answered(InstancePhase phase, WakeOn wake)
    {
        await using var backend = await Backend.Saying("good morning");
        await using var ingress = await AsleepAsync(backend, phase, wake);
        ingress.Waker.Wake = (_, _) => ingress.PutAsync(Rows.Instance("web-id", "web"));

        var response = await ingress.GetAsync(Host);

        Assert.Equal((HttpStatusCode.OK, "good morning"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal([("web-id", wake == WakeOn.Stopped)], ingress.Waker.Wakes);
    }

    [Theory]
    [InlineData(InstancePhase.Standby, WakeOn.Never)]
    [InlineData(InstancePhase.Stopped, WakeOn.Standby)]
    public async Task One_that_the_rule_does_not_wake_is_a_502(InstancePhase phase, WakeOn wake)
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await AsleepAsync(backend, phase, wake);

        var response = await ingress.GetAsync(Host);

        Assert.Equal(HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Contains($"is not running (state: {phase})", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        Assert.Empty(ingress.Waker.Wakes);
    }

    [Theory]
    [InlineData("/", "curl/8", true)]
    [InlineData("/api/items", "curl/8", true)]
    [InlineData("/%61pi/items?x=1", "curl/8", true)]
    [InlineData("/.env", "curl/8", false)]
    [InlineData("/api/health", "curl/8", false)]
    [InlineData("/api/items", "Kube-Probe/1.30", false)]
    public async Task Only_requests_that_are_worth_it_wake_and_the_others_are_answered_when_it_runs(string path, string agent, bool wakes)
    {
        var filter = new WakeFilter { OnlyPaths = ["/", "/api/*"], ExceptPaths = ["/api/health"], ExceptUserAgents = ["kube-probe/*"] };
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(Host, backend, phase: InstancePhase.Standby, change: rule => rule with { WakeFilter = filter });
        ingress.Waker.Wake = (_, _) => ingress.PutAsync(Rows.Instance("web-id", "web"));

        var response = await AskAsync();
        Assert.Equal(wakes ? HttpStatusCode.OK : HttpStatusCode.BadGateway, response.StatusCode);
        Assert.Equal(wakes ? 1 : 0, ingress.Waker.Wakes.Count);

        await ingress.PutAsync(Rows.Instance("web-id", "web"));
        Assert.Equal(HttpStatusCode.OK, (await AskAsync()).StatusCode);

        Task<HttpResponseMessage> AskAsync()
        {
            var request = new HttpRequestMessage(HttpMethod.Get, ingress.Url(path));
            request.Headers.UserAgent.ParseAdd(agent);
            return ingress.SendAsync(request, Host);
        }
    }

    [Theory]
    [InlineData("/", "192.0.2.0/24", true)]
    [InlineData("/", "127.0.0.0/8", false)]
    [InlineData("/health", "192.0.2.0/24", false)]
    public async Task What_is_to_keep_an_instance_awake_has_connections_of_its_own(string path, string ignored, bool keepsAwake)
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        var policy = new AutoStandbyPolicy { Enabled = true, IdleTimeout = TimeSpan.FromMinutes(5), IgnoredSources = [ignored] };
        var instance = Rows.Instance("web-id", "web");
        await ingress.PublishAsync(
            Host, backend, change: rule => rule with { WakeFilter = new WakeFilter { ExceptPaths = ["/health"] } });
        await ingress.PutAsync(instance with { StartedAt = Rows.Start.AddMinutes(1), Spec = instance.Spec with { AutoStandby = policy } });

        for (var time = 0; time < 2; time++)
            Assert.Equal(HttpStatusCode.OK, (await ingress.GetAsync(Host, path)).StatusCode);

        Assert.All(ingress.Connector.KeepAwake, keeps => Assert.Equal(keepsAwake, keeps));
    }

    [Fact]
    public async Task An_instance_that_does_not_sleep_by_itself_has_one_kind_of_connections()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync(
            Host, backend, change: rule => rule with { WakeFilter = new WakeFilter { ExceptPaths = ["/health"] } });

        await ingress.GetAsync(Host, "/health");

        Assert.Equal([true], ingress.Connector.KeepAwake);
    }

    [Fact]
    public async Task Many_that_wait_for_the_same_instance_are_one_wake()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await AsleepAsync(backend);
        var awake = new TaskCompletionSource();
        ingress.Waker.Wake = (_, _) => awake.Task;

        var requests = Enumerable.Range(0, 100).Select(_ => ingress.GetAsync(Host)).ToList();
        await Until.True(() => ingress.WakeRoom.Waiting == 100, IngressHarness.Patience, "all wait");
        await ingress.PutAsync(Rows.Instance("web-id", "web"));
        awake.SetResult();

        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
        Assert.Single(ingress.Waker.Wakes);
        Assert.Equal(0, ingress.WakeRoom.Waiting);
    }

    [Fact]
    public async Task Who_is_one_too_many_is_told_to_come_back_and_the_others_are_answered()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await AsleepAsync(backend, configure: options => options.MaxWaitingPerInstance = 2);
        var awake = new TaskCompletionSource();
        ingress.Waker.Wake = (_, _) => awake.Task;
        var requests = Enumerable.Range(0, 2).Select(_ => ingress.GetAsync(Host)).ToList();
        await Until.True(() => ingress.WakeRoom.Waiting == 2, IngressHarness.Patience, "they wait");

        await AssertAsync(await ingress.GetAsync(Host), HttpStatusCode.ServiceUnavailable, "does not wake now, try again shortly");

        await ingress.PutAsync(Rows.Instance("web-id", "web"));
        awake.SetResult();
        Assert.All(await Task.WhenAll(requests), response => Assert.Equal(HttpStatusCode.OK, response.StatusCode));
    }

    [Fact]
    public async Task One_that_does_not_wake_in_time_is_a_503_and_the_next_request_tries_again()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await AsleepAsync(backend, configure: options => options.WakeTimeout = TimeSpan.FromMilliseconds(100));
        ingress.Waker.Wake = (_, late) => Task.Delay(Timeout.Infinite, late);

        await AssertAsync(await ingress.GetAsync(Host), HttpStatusCode.ServiceUnavailable, "does not wake now, try again shortly");

        ingress.Waker.Wake = (_, _) => ingress.PutAsync(Rows.Instance("web-id", "web"));
        Assert.Equal(HttpStatusCode.OK, (await ingress.GetAsync(Host)).StatusCode);
    }

    public static TheoryData<Exception, HttpStatusCode, string> Failures => new()
    {
        { new WakeFailedException("secret-node is away", mayPass: true), HttpStatusCode.ServiceUnavailable, "does not wake now" },
        { new WakeFailedException("secret-node has lost its disk", mayPass: false), HttpStatusCode.BadGateway, "cannot be woken" },
        { new InvalidOperationException("secret-node does not speak"), HttpStatusCode.ServiceUnavailable, "does not wake now" },
    };

    [Theory, MemberData(nameof(Failures))]
    public async Task One_that_cannot_be_woken_says_whether_to_come_back_and_nothing_of_why(Exception failure, HttpStatusCode status, string text)
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await AsleepAsync(backend);
        ingress.Waker.Wake = (_, _) => throw failure;

        var said = await AssertAsync(await ingress.GetAsync(Host), status, text);

        Assert.DoesNotContain("secret", said, StringComparison.Ordinal);
        Assert.Equal(0, ingress.WakeRoom.Waiting);
    }

    [Fact]
    public async Task A_caller_that_leaves_frees_its_place_and_the_wake_goes_on()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await AsleepAsync(backend);
        var awake = new TaskCompletionSource();
        ingress.Waker.Wake = (_, _) => awake.Task;
        using var leaves = new CancellationTokenSource();
        var request = new HttpRequestMessage(HttpMethod.Get, ingress.Url()) { Headers = { Host = Host } };
        var gone = ingress.Client.SendAsync(request, leaves.Token);
        await Until.True(() => ingress.WakeRoom.Waiting == 1, IngressHarness.Patience, "it waits");

        await leaves.CancelAsync();
        await Assert.ThrowsAnyAsync<OperationCanceledException>(() => gone);
        await Until.True(() => ingress.WakeRoom.Waiting == 0, IngressHarness.Patience, "it has left");

        await ingress.PutAsync(Rows.Instance("web-id", "web"));
        awake.SetResult();
        Assert.Equal(HttpStatusCode.OK, (await ingress.GetAsync(Host)).StatusCode);
        Assert.Single(ingress.Waker.Wakes);
    }

    [Fact]
    public async Task A_request_whose_instance_goes_to_sleep_under_it_is_sent_again_when_that_is_harmless()
    {
        await using var backend = await Backend.Saying("hello again");
        await using var ingress = await AsleepAsync(backend, InstancePhase.Running);
        var reached = new TaskCompletionSource();
        ingress.Connector.Lead("web-id", 8080, async cancellationToken =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new IOException();
        });
        ingress.Waker.Wake = (_, _) =>
        {
            ingress.Connector.Lead("web-id", 8080, backend.Port);
            return ingress.PutAsync(Rows.Instance("web-id", "web"));
        };

        var request = ingress.GetAsync(Host);
        await reached.Task.WaitAsync(IngressHarness.Patience);
        await ingress.Index.PutAsync(Rows.Instance("web-id", "web", InstancePhase.Standby));

        var response = await request;
        Assert.Equal((HttpStatusCode.OK, "hello again"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_request_whose_connection_breaks_before_it_is_known_that_its_instance_sleeps_is_sent_again_as_often_as_that_happens()
    {
        await using var backend = await Backend.Saying("hello again");
        await using var ingress = await AsleepAsync(backend, InstancePhase.Running);
        var naps = 0;
        using var target = new RawTarget("", resets: true);
        target.Gone = () => ingress.Index.PutAsync(Rows.Instance("web-id", "web", InstancePhase.Standby));
        ingress.Connector.Lead("web-id", 8080, target.Port);
        ingress.Waker.Wake = async (_, _) =>
        {
            if (++naps == 3)
                ingress.Connector.Lead("web-id", 8080, backend.Port);
            await ingress.PutAsync(Rows.Instance("web-id", "web") with { StartedAt = Rows.Start.AddHours(naps) });
        };

        var response = await ingress.GetAsync(Host);

        Assert.Equal((HttpStatusCode.OK, "hello again"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
        Assert.Equal(3, ingress.Waker.Wakes.Count);
    }

    [Fact]
    public async Task One_with_a_body_is_sent_again_too_when_its_instance_goes_to_sleep_before_any_of_it_is_sent()
    {
        await using var backend = await Backend.StartAsync(async context =>
            await context.Response.WriteAsync(await new StreamReader(context.Request.Body).ReadToEndAsync()));
        await using var ingress = await AsleepAsync(backend, InstancePhase.Running);
        var reached = new TaskCompletionSource();
        ingress.Connector.Lead("web-id", 8080, async cancellationToken =>
        {
            reached.TrySetResult();
            await Task.Delay(Timeout.Infinite, cancellationToken);
            throw new IOException();
        });
        ingress.Waker.Wake = (_, _) =>
        {
            ingress.Connector.Lead("web-id", 8080, backend.Port);
            return ingress.PutAsync(Rows.Instance("web-id", "web"));
        };

        var request = ingress.SendAsync(new HttpRequestMessage(HttpMethod.Post, ingress.Url()) { Content = new StringContent("all of it") }, Host);
        await reached.Task.WaitAsync(IngressHarness.Patience);
        await ingress.Index.PutAsync(Rows.Instance("web-id", "web", InstancePhase.Standby));

        var response = await request;
        Assert.Equal((HttpStatusCode.OK, "all of it"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("GET")]
    [InlineData("POST")]
    public async Task A_request_that_comes_before_it_is_known_that_its_instance_sleeps_is_held_as_well(string method)
    {
        await using var backend = await Backend.StartAsync(async context =>
            await context.Response.WriteAsync(context.Request.Method + await new StreamReader(context.Request.Body).ReadToEndAsync()));
        await using var ingress = await AsleepAsync(backend, InstancePhase.Running);
        var looked = new TaskCompletionSource();
        ingress.Connector.Lead("web-id", 8080, _ =>
        {
            looked.TrySetResult();
            throw new InstanceElsewhereException("The VM is Standby.");
        });
        ingress.Waker.Wake = (_, _) =>
        {
            ingress.Connector.Lead("web-id", 8080, backend.Port);
            return ingress.PutAsync(Rows.Instance("web-id", "web"));
        };
        var content = method == "POST" ? new StringContent(" and its body") : null;

        var request = ingress.SendAsync(new HttpRequestMessage(new HttpMethod(method), ingress.Url()) { Content = content }, Host);
        await looked.Task.WaitAsync(IngressHarness.Patience);
        await ingress.Index.PutAsync(Rows.Instance("web-id", "web", InstancePhase.Standby));

        var response = await request;
        Assert.Equal(
            (HttpStatusCode.OK, method + (content is null ? "" : " and its body")), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    private static async Task<string> AssertAsync(HttpResponseMessage response, HttpStatusCode status, string text)
    {
        Assert.Equal(status, response.StatusCode);
        Assert.Equal(status == HttpStatusCode.ServiceUnavailable, response.Headers.RetryAfter is not null);
        var said = await response.Content.ReadAsStringAsync();
        Assert.Contains(text, said, StringComparison.Ordinal);
        return said;
    }

    private static async Task<IngressHarness> AsleepAsync(
        Backend backend, InstancePhase phase = InstancePhase.Standby, WakeOn wake = WakeOn.Standby, Action<Hypeman.Ingress.IngressOptions>? configure = null)
    {
        var ingress = await IngressHarness.StartAsync(configure);
        await ingress.PublishAsync(Host, backend, phase: phase, change: rule => rule with { Wake = wake });
        return ingress;
    }
}

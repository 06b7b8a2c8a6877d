using System.Net;
using System.Security.Cryptography;
using Hypeman.Tests.Ingress.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hypeman.Tests.Ingress.Forwarding;

public class ForwardingTests
{
    [Fact]
    public async Task The_instance_sees_the_request_as_it_was_sent()
    {
        await using var backend = await Backend.StartAsync(context => context.Response.WriteAsync(
            $"{context.Request.Method} {context.Features.Get<IHttpRequestFeature>()!.RawTarget} {context.Request.Host}"));
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        var request = new HttpRequestMessage(HttpMethod.Patch, ingress.Url("//a%2Fb/%41/c?x=%20y&z=1+2"));
        var response = await ingress.SendAsync(request, "Web.Example.com:8080");

        Assert.Equal("PATCH //a%2Fb/%41/c?x=%20y&z=1+2 Web.Example.com:8080", await response.Content.ReadAsStringAsync());
        Assert.Equal("node-a", Assert.Single(ingress.Connector.Homes));
    }

    // What follows the host in a request line that names it, and what the instance sees.
    [Theory]
    [InlineData("//a%2Fb/%41?x=%20y", "//a%2Fb/%41?x=%20y")]
    [InlineData("/", "/")]
    [InlineData("", "/")]
    [InlineData("?x=/y", "/?x=/y")]
    public async Task A_request_in_absolute_form_reaches_the_instance_as_any_other(string sent, string seen)
    {
        await using var backend = await Backend.StartAsync(context =>
            context.Response.WriteAsync($"[{context.Features.Get<IHttpRequestFeature>()!.RawTarget}]"));
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        var answer = await ingress.RawAsync($"GET http://web.example.com{sent} HTTP/1.1\r\nHost: web.example.com\r\nConnection: close\r\n\r\n");

        Assert.Contains($"[{seen}]", answer);
    }

    [Fact]
    public async Task Forwarded_headers_are_ours_and_hop_by_hop_headers_stay_behind()
    {
        await using var backend = await Backend.StartAsync(context => context.Response.WriteAsync(
            string.Join('\n', context.Request.Headers.Select(h => $"{h.Key.ToLowerInvariant()}: {h.Value}"))));
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        var request = new HttpRequestMessage(HttpMethod.Get, ingress.Url());
        foreach (var name in new[] { "X-Forwarded-For", "X-Forwarded-Host", "X-Forwarded-Proto", "X-Real-IP", "Forwarded" })
            request.Headers.TryAddWithoutValidation(name, "for=6.6.6.6");
        request.Headers.TryAddWithoutValidation("Connection", "X-Hop");
        request.Headers.TryAddWithoutValidation("Keep-Alive", "timeout=5");
        request.Headers.TryAddWithoutValidation("TE", "gzip");
        request.Headers.TryAddWithoutValidation("X-Custom", "kept");
        var seen = (await (await ingress.SendAsync(request, "web.example.com")).Content.ReadAsStringAsync()).Split('\n');

        Assert.Contains("x-forwarded-for: 127.0.0.1", seen);
        Assert.Contains("x-forwarded-host: web.example.com", seen);
        Assert.Contains("x-forwarded-proto: http", seen);
        Assert.Contains("x-custom: kept", seen);
        Assert.DoesNotContain(seen, line => line.Contains("6.6.6.6"));
        Assert.DoesNotContain(seen, line => line.StartsWith("keep-alive") || line.StartsWith("te:") || line.StartsWith("forwarded:"));
    }

    [Fact]
    public async Task Status_headers_and_redirects_of_the_instance_come_back_as_they_are()
    {
        await using var backend = await Backend.StartAsync(context =>
        {
            context.Response.StatusCode = 302;
            context.Response.Headers.Location = "/elsewhere";
            context.Response.Headers.Append("Set-Cookie", "a=1");
            context.Response.Headers.Append("Set-Cookie", "b=2");
            return Task.CompletedTask;
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        var response = await ingress.GetAsync("web.example.com");

        Assert.Equal(HttpStatusCode.Redirect, response.StatusCode);
        Assert.Equal("/elsewhere", response.Headers.Location!.OriginalString);
        Assert.Equal(["a=1", "b=2"], response.Headers.GetValues("Set-Cookie"));
        Assert.False(response.Headers.Contains("Server"));
    }

    [Fact]
    public async Task Large_bodies_go_through_unchanged()
    {
        var bytes = RandomNumberGenerator.GetBytes(40 << 20);
        var hash = Convert.ToHexString(SHA256.HashData(bytes));
        await using var backend = await Backend.StartAsync(async context => await (HttpMethods.IsPost(context.Request.Method)
            ? context.Response.WriteAsync(Convert.ToHexString(await SHA256.HashDataAsync(context.Request.Body)))
            : context.Response.Body.WriteAsync(bytes).AsTask()));
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        var request = new HttpRequestMessage(HttpMethod.Post, ingress.Url()) { Content = new ByteArrayContent(bytes) };
        var sent = await (await ingress.SendAsync(request, "web.example.com")).Content.ReadAsStringAsync();
        var received = await (await ingress.GetAsync("web.example.com")).Content.ReadAsByteArrayAsync();

        Assert.Equal(hash, sent);
        Assert.Equal(hash, Convert.ToHexString(SHA256.HashData(received)));
    }

    [Fact]
    public async Task Events_arrive_one_by_one_while_the_response_is_open()
    {
        using var next = new SemaphoreSlim(0);
        await using var backend = await Backend.StartAsync(async context =>
        {
            context.Response.ContentType = "text/event-stream";
            for (var i = 0; i < 3; i++)
            {
                await context.Response.WriteAsync($"data: {i}\n\n");
                await context.Response.Body.FlushAsync();
                await next.WaitAsync(context.RequestAborted);
            }
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        using var reader = new StreamReader(await (await ingress.GetAsync("web.example.com")).Content.ReadAsStreamAsync());
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal($"data: {i}", await reader.ReadLineAsync());
            Assert.Equal("", await reader.ReadLineAsync());
            next.Release();
        }
        Assert.Null(await reader.ReadLineAsync());
    }

    [Fact]
    public async Task A_client_that_leaves_is_noticed_by_the_instance()
    {
        var left = new TaskCompletionSource();
        await using var backend = await Backend.StartAsync(async context =>
        {
            await context.Response.WriteAsync("x");
            await context.Response.Body.FlushAsync();
            context.RequestAborted.Register(left.SetResult);
            await left.Task;
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        var response = await ingress.GetAsync("web.example.com");
        response.Dispose();

        await left.Task.WaitAsync(IngressHarness.Patience);
    }

    [Fact]
    public async Task Header_bytes_pass_whatever_their_encoding()
    {
        await using var backend = await Backend.StartAsync(context =>
        {
            context.Response.Headers["X-Length"] = context.Request.Headers["X-Name"].ToString().Length.ToString();
            return Task.CompletedTask;
        });
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        // One letter of two bytes: the backend reads it as UTF-8, as Kestrel does unless told otherwise.
        var answer = await ingress.RawAsync("GET / HTTP/1.1\r\nHost: web.example.com\r\nX-Name: \u00e9\r\nConnection: close\r\n\r\n");

        Assert.Contains("X-Length: 1", answer);
    }

    [Theory]
    [InlineData("GET / HTTP/1.0\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: a:b:c\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("CONNECT web.example.com:80 HTTP/1.1\r\nHost: web.example.com:80\r\nConnection: close\r\n\r\n", "405")]
    [InlineData("GET / HTTP/1.1\r\nHost: [::1]:80\r\nConnection: close\r\n\r\n", "404")]
    [InlineData("GET / HTTP/1.0\r\nHost: WEB.example.com.\r\n\r\n", "200")]
    [InlineData("GET http://web.example.com/ HTTP/1.1\r\nHost: web.example.com\r\nConnection: close\r\n\r\n", "200")]
    [InlineData("OPTIONS * HTTP/1.1\r\nHost: web.example.com\r\nConnection: close\r\n\r\n", "200")]
    public async Task Odd_requests_get_a_right_answer(string request, string status)
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend);

        Assert.StartsWith($"HTTP/1.1 {status}", await ingress.RawAsync(request));
    }
}

using System.Net;
using System.Text;
using Hypeman.Tests.Ingress.Fakes;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Http.Features;

namespace Hypeman.Tests.Ingress.Forwarding;

/// <summary>Clients and instances that break the rules of HTTP harm nobody but themselves.</summary>
public sealed class AbuseTests : IAsyncLifetime
{
    private const string Host = "web.example.com";
    private const string Bystander = "other.example.com";

    private IngressHarness _ingress = null!;
    private Backend _backend = null!;
    private Backend _other = null!;
    private int _requests;

    public async ValueTask InitializeAsync()
    {
        _backend = await Backend.StartAsync(async context =>
        {
            Interlocked.Increment(ref _requests);
            var body = await new StreamReader(context.Request.Body).ReadToEndAsync();
            await context.Response.WriteAsync($"saw {context.Features.Get<IHttpRequestFeature>()!.RawTarget} [{body}] {context.Request.ContentLength}");
        });
        _other = await Backend.Saying("unharmed");
        _ingress = await IngressHarness.StartAsync();
        await _ingress.PublishAsync(Bystander, _other, "other");
    }

    /// <summary>Whatever was done to one route, the other one serves.</summary>
    public async ValueTask DisposeAsync()
    {
        Assert.Equal("unharmed", await (await _ingress.GetAsync(Bystander)).Content.ReadAsStringAsync());
        await _ingress.DisposeAsync();
        await _backend.DisposeAsync();
        await _other.DisposeAsync();
    }

    [Theory]
    [InlineData("GET / HTTP/1.1\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com\r\nHost: web.example.com\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com\r\nHost: other.example.com\r\n\r\n", "400")]
    [InlineData("GET http://other.example.com/ HTTP/1.1\r\nHost: web.example.com\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com\r\nContent-Length: -1\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: web.example.com\r\nTransfer-Encoding: gzip\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: web.example.com\r\nTransfer-Encoding: chunked, gzip\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost : web.example.com\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com\r\nX-Folded: a\r\n b\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\nHost: web.example.com\n\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com\nX-Bare: a\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: web.example.com\r\nTransfer-Encoding: identity\r\n\r\n", "400")]
    [InlineData("POST / HTTP/1.1\r\nHost: web.example.com\r\nTransfer-Encoding: xchunked\r\n\r\n", "400")]
    [InlineData("GET http://user@web.example.com/ HTTP/1.1\r\nHost: web.example.com\r\nConnection: close\r\n\r\n", "400")]
    [InlineData("GET / HTTP/1.1\r\nHost: web.example.com other.example.com\r\n\r\n", "400")]
    [InlineData("GET / HTTP/9.9\r\nHost: web.example.com\r\n\r\n", "505")]
    [InlineData("\0\u0001\u0002\r\n\r\n", "400")]
    public async Task A_request_that_could_be_read_in_two_ways_reaches_no_instance(string request, string status)
    {
        await _ingress.PublishAsync(Host, _backend);

        Assert.StartsWith($"HTTP/1.1 {status}", await _ingress.RawAsync(request));
        Assert.Equal(0, _requests);
    }

    [Theory]
    [InlineData("ZZ\r\nhello\r\n0\r\n\r\n")]
    [InlineData("-5\r\nhello\r\n0\r\n\r\n")]
    [InlineData("FFFFFFFFFFFFFFFFF\r\nhello\r\n")]
    [InlineData("5\r\nhelloX\r\n0\r\n\r\n")]
    public async Task Chunks_that_are_none_are_a_400_and_no_body_of_any_request(string body)
    {
        await _ingress.PublishAsync(Host, _backend);

        var answer = await _ingress.RawAsync($"POST / HTTP/1.1\r\nHost: {Host}\r\nTransfer-Encoding: chunked\r\n\r\n{body}");

        Assert.StartsWith("HTTP/1.1 400", answer);
        Assert.DoesNotContain("saw", answer, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(20, 0, 0, "414")]
    [InlineData(0, 70, 0, "431")]
    [InlineData(0, 0, 250, "431")]
    public async Task A_request_line_and_headers_have_a_limit(int lineKib, int headerKib, int headers, string status)
    {
        await _ingress.PublishAsync(Host, _backend);
        var request = new StringBuilder($"GET /{new string('a', lineKib * 1024)} HTTP/1.1\r\nHost: {Host}\r\n");
        request.Append($"X-Long: {new string('a', headerKib * 1024)}\r\n");
        for (var i = 0; i < headers; i++)
            request.Append($"X-{i}: a\r\n");

        Assert.StartsWith($"HTTP/1.1 {status}", await _ingress.RawAsync($"{request}\r\n"));
        Assert.Equal(0, _requests);
    }

    [Fact]
    public async Task A_body_with_two_lengths_is_read_in_one_way_by_us_and_by_the_instance()
    {
        await _ingress.PublishAsync(Host, _backend);

        var answer = await _ingress.RawAsync(
            $"POST /one HTTP/1.1\r\nHost: {Host}\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n"
            + $"3\r\nabc\r\n0\r\n\r\nGET /two HTTP/1.1\r\nHost: {Host}\r\n\r\n");

        Assert.StartsWith("HTTP/1.1 200", answer);
        Assert.Contains("saw /one [abc] ", answer);
        Assert.Equal(1, _requests);
    }

    [Theory]
    [InlineData("", false)]
    [InlineData("", true)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Le", false)]
    [InlineData("HTTP/1.1 200 OK\r\nContent-Length: 3\r\nContent-Length: 4\r\n\r\nabcd", false)]
    [InlineData("HTTP/1.1 999999 What\r\n\r\n", false)]
    public async Task A_target_that_goes_without_a_whole_answer_is_a_502(string answer, bool resets)
    {
        using var target = new RawTarget(answer, resets);
        await _ingress.PublishAsync(Host, target.Port);

        Assert.Equal(HttpStatusCode.BadGateway, (await _ingress.GetAsync(Host)).StatusCode);
    }

    [Fact]
    public async Task A_target_with_endless_headers_is_a_502()
    {
        using var target = new RawTarget($"HTTP/1.1 200 OK\r\nX-Long: {new string('a', 200 * 1024)}\r\nContent-Length: 0\r\n\r\n", resets: false);
        await _ingress.PublishAsync(Host, target.Port);

        Assert.Equal(HttpStatusCode.BadGateway, (await _ingress.GetAsync(Host)).StatusCode);
    }

    // The client must not take a part for the whole.
    [Theory]
    [InlineData("Content-Length: 100\r\n\r\npart", false)]
    [InlineData("Content-Length: 100\r\n\r\npart", true)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n", false)]
    [InlineData("Transfer-Encoding: chunked\r\n\r\n4\r\npart\r\n", true)]
    public async Task A_target_that_goes_in_the_middle_of_its_answer_breaks_the_clients_connection(string answer, bool resets)
    {
        using var target = new RawTarget($"HTTP/1.1 200 OK\r\n{answer}", resets);
        await _ingress.PublishAsync(Host, target.Port);

        // A reset may also overtake the answer, which then is a 502 and an exception of the same type.
        await Assert.ThrowsAsync<HttpRequestException>(async () =>
        {
            var response = await _ingress.GetAsync(Host);
            response.EnsureSuccessStatusCode();
            await response.Content.ReadAsStringAsync().WaitAsync(IngressHarness.Patience);
        });
    }
}

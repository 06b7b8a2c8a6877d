using System.Net;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Forwarding;

/// <summary>The API under a hostname of its own.</summary>
public sealed class ApiTests
{
    private const string Host = "api.example.com";

    [Fact]
    public async Task It_is_served_over_TLS_and_callers_in_the_clear_are_sent_there()
    {
        await using var api = await Backend.StartAsync(context => context.Response.WriteAsync(
            $"{context.Request.Headers["X-Forwarded-Proto"]} {context.Request.Host} {context.Request.Path}"));
        await using var ingress = await IngressHarness.StartAsync(options =>
            (options.ApiHostname, options.ApiUpstream) = (Host, () => new Uri($"http://127.0.0.1:{api.Port}")));
        await ingress.CertifyAsync(Host);
        using var client = ingress.TlsClient(Host);

        var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"https://{Host}/instances"), default);
        Assert.Equal($"https {Host} /instances", await response.Content.ReadAsStringAsync());

        var clear = await ingress.GetAsync(Host, "/instances?state=Running");
        Assert.Equal(
            (HttpStatusCode.MovedPermanently, $"https://{Host}/instances?state=Running"),
            (clear.StatusCode, clear.Headers.GetValues("Location").Single()));
    }

    [Fact]
    public async Task Its_certificate_is_asked_for_like_any_other()
    {
        await using var ingress = await IngressHarness.StartAsync(options => options.ApiHostname = Host);
        ingress.Requester.Request = async name => await ingress.Index.PutAsync(await Fakes.Certificates.IssueAsync(name));
        using var client = ingress.TlsClient(Host);

        var response = await client.SendAsync(new HttpRequestMessage(HttpMethod.Get, $"https://{Host}/"), default);

        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.Equal([Host], ingress.Requester.Requests);
    }

    [Fact]
    public async Task Where_it_has_no_TLS_it_is_on_port_80_and_says_when_it_cannot_be_reached()
    {
        var api = await Backend.Saying("hello");
        var upstream = new Uri($"http://127.0.0.1:{api.Port}");
        await using var ingress = await IngressHarness.StartAsync(options =>
            (options.ApiHostname, options.ApiTls, options.ApiUpstream) = (Host, false, () => upstream));

        Assert.Equal("hello", await (await ingress.GetAsync(Host)).Content.ReadAsStringAsync());
        await api.DisposeAsync();

        var response = await ingress.GetAsync(Host);
        Assert.Equal(HttpStatusCode.ServiceUnavailable, response.StatusCode);
        Assert.StartsWith("Service unavailable: the API cannot be reached", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task No_rule_comes_before_it()
    {
        await using var api = await Backend.Saying("the API");
        await using var instance = await Backend.Saying("an instance");
        await using var ingress = await IngressHarness.StartAsync(options =>
            (options.ApiHostname, options.ApiTls, options.ApiUpstream) = (Host, false, () => new Uri($"http://127.0.0.1:{api.Port}")));
        await ingress.PublishAsync(Host, instance);

        Assert.Equal("the API", await (await ingress.GetAsync(Host)).Content.ReadAsStringAsync());
    }
}

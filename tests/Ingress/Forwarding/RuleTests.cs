using System.Net;
using Hypeman.Contracts.Ingresses;
using Hypeman.Tests.Ingress.Fakes;
using Hypeman.Tests.Testing;
using Microsoft.AspNetCore.Http;

namespace Hypeman.Tests.Ingress.Forwarding;

/// <summary>Whom a request reaches, and whether it may.</summary>
public sealed class RuleTests
{
    private const string Header = "X-Key";
    private static readonly string Secret = new('s', 40);

    [Theory]
    [InlineData("web.apps.example.com")]
    [InlineData("web-id-long.apps.example.com")]
    [InlineData("web-id-l.apps.example.com")]
    public async Task A_pattern_leads_to_the_instance_that_the_hostname_names(string host)
    {
        await using var backend = await Backend.StartAsync(context => context.Response.WriteAsync(context.Request.Host.Value!));
        await using var ingress = await IngressHarness.StartAsync();
        await PublishAsync(ingress, Rows.Ingress("g", "{instance}.apps.example.com", "{instance}"));
        ingress.Connector.Lead("web-id-long", 8080, backend.Port);
        await ingress.PutAsync(Rows.Instance("web-id-long", "web"));

        var response = await ingress.GetAsync(host);

        Assert.Equal((HttpStatusCode.OK, host), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Theory]
    [InlineData("nobody.apps.example.com")]
    [InlineData("web-id.apps.example.com")]
    public async Task What_a_pattern_captures_and_is_no_instance_is_not_found(string host)
    {
        await using var ingress = await IngressHarness.StartAsync();
        await PublishAsync(ingress, Rows.Ingress("g", "{instance}.apps.example.com", "{instance}"));
        await ingress.PutAsync(Rows.Instance("web-id-long", "web"));

        var response = await ingress.GetAsync(host);

        Assert.Equal(
            (HttpStatusCode.NotFound, $"Not found: there is no instance for hostname {host}"),
            (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_request_with_the_secret_passes_and_the_instance_does_not_see_it()
    {
        await using var backend = await Backend.StartAsync(context => context.Response.WriteAsync($"[{context.Request.Headers[Header]}]"));
        await using var ingress = await GuardedAsync(backend);

        var response = await SendAsync(ingress, Secret);

        Assert.Equal((HttpStatusCode.OK, "[]"), (response.StatusCode, await response.Content.ReadAsStringAsync()));
    }

    [Fact]
    public async Task A_request_without_the_secret_or_with_two_values_reaches_nobody()
    {
        await using var backend = await Backend.Saying("hello");
        await using var ingress = await GuardedAsync(backend);
        string[][] wrong = [[], [Secret + "x"], [Secret[..32]], [Secret.ToUpperInvariant()], [Secret, Secret], [""], [new string('s', 5000)]];

        foreach (var values in wrong)
        {
            var response = await SendAsync(ingress, values);
            Assert.Equal(HttpStatusCode.Forbidden, response.StatusCode);
            Assert.StartsWith("Forbidden: ", await response.Content.ReadAsStringAsync(), StringComparison.Ordinal);
        }
        Assert.Equal(0, ingress.Connector.Connections);
    }

    private static async Task<IngressHarness> GuardedAsync(Backend backend)
    {
        var ingress = await IngressHarness.StartAsync();
        await ingress.PublishAsync("web.example.com", backend, change: rule => rule with { HeaderAuth = HeaderSecret.Of(Header, Secret) });
        return ingress;
    }

    private static async Task PublishAsync(IngressHarness ingress, IngressInfo info)
    {
        await ingress.Index.PutAsync(info);
        await Until.True(() => !ingress.Routes.Ports.IsEmpty, IngressHarness.Patience, "the rule is known");
    }

    private static Task<HttpResponseMessage> SendAsync(IngressHarness ingress, params string[] values)
    {
        var request = new HttpRequestMessage(HttpMethod.Get, ingress.Url());
        foreach (var value in values)
            Assert.True(request.Headers.TryAddWithoutValidation(Header, value));
        return ingress.SendAsync(request, "web.example.com");
    }
}

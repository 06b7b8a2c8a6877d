using System.Net;
using System.Net.Http.Headers;
using System.Text.Json;
using Hypeman.Gateway.Auth;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Auth;

public sealed class RouteAuthTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public void Every_route_has_a_scope_and_every_scope_a_route() => Assert.Equal(
        RouteScopes.All.Keys.Order(StringComparer.Ordinal),
        ApiRouteInfo.AllOf(Api).Select(route => route.Key).Order(StringComparer.Ordinal));

    [Fact]
    public void Every_scope_of_a_route_is_known() => Assert.All(
        RouteScopes.All.Values, scope => Assert.True(scope == RouteScopes.Public || Scopes.Known.Contains(scope), scope));

    [Fact]
    public async Task Every_route_refuses_requests_without_a_token()
    {
        using var nobody = Api.ClientWith(null);
        foreach (var route in Guarded())
            await AssertRefusedAsync(nobody, route, HttpStatusCode.Unauthorized, "Unauthorized", "authorization header required");
    }

    [Fact]
    public async Task Every_route_refuses_tokens_without_its_scope()
    {
        foreach (var route in Guarded())
        {
            var scope = RouteScopes.All[route.Key];
            using var client = Api.ClientWith(ApiHost.Token([.. Scopes.Known.Where(known => known != scope && known != Scopes.All)]));
            await AssertRefusedAsync(client, route, HttpStatusCode.Forbidden, "Forbidden", $"missing required scope: {scope}");
        }
    }

    [Fact]
    public async Task Every_route_accepts_tokens_with_its_scope()
    {
        foreach (var route in Guarded())
        {
            using var client = Api.ClientWith(ApiHost.Token(RouteScopes.All[route.Key]));
            using var response = await SendAsync(client, route);
            Assert.True(
                response.StatusCode is not (HttpStatusCode.Unauthorized or HttpStatusCode.Forbidden),
                $"{route.Key} answered {response.StatusCode}");
        }
    }

    [Fact]
    public async Task Public_routes_ask_for_no_token()
    {
        using var nobody = Api.ClientWith(null);
        foreach (var route in ApiRouteInfo.AllOf(Api).Where(route => RouteScopes.All[route.Key] == RouteScopes.Public))
        {
            using var response = await SendAsync(nobody, route);
            Assert.Equal(HttpStatusCode.OK, response.StatusCode);
        }
    }

    [Theory]
    [InlineData("Bearer", "invalid authorization header format")]
    [InlineData("Bearer a b", "invalid authorization header format")]
    [InlineData("Basic YTpi", "invalid authorization header format")]
    [InlineData("nonsense", "invalid authorization header format")]
    [InlineData("Bearer nonsense", "invalid token")]
    [InlineData("Bearer eyJhbGciOiJub25lIn0.e30.", "invalid token")]
    public async Task What_is_wrong_with_a_header_is_told(string header, string message)
    {
        using var client = Api.ClientWith(null);
        client.DefaultRequestHeaders.TryAddWithoutValidation("Authorization", header);
        await AssertRefusedAsync(
            client, new ApiRouteInfo("GET", "/instances", null), HttpStatusCode.Unauthorized, "Unauthorized", message);
    }

    [Fact]
    public async Task The_scheme_is_compared_without_case()
    {
        using var client = Api.ClientWith(null);
        client.DefaultRequestHeaders.Authorization = new AuthenticationHeaderValue("bEaReR", ApiHost.Token());
        using var response = await client.GetAsync("/instances");
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }

    private IEnumerable<ApiRouteInfo> Guarded() =>
        ApiRouteInfo.AllOf(Api).Where(route => RouteScopes.All[route.Key] != RouteScopes.Public);

    private static Task<HttpResponseMessage> SendAsync(HttpClient client, ApiRouteInfo route) =>
        client.SendAsync(new HttpRequestMessage(new HttpMethod(route.Method), route.SamplePath));

    private static async Task AssertRefusedAsync(
        HttpClient client, ApiRouteInfo route, HttpStatusCode status, string code, string message)
    {
        using var response = await SendAsync(client, route);
        Assert.True(status == response.StatusCode, $"{route.Key} answered {response.StatusCode}");
        var body = await response.Content.ReadAsStringAsync();
        Assert.Equal(
            JsonSerializer.Serialize(new { code, message }), body);
    }
}

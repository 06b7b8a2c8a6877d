using System.Net;
using Hypeman.Tests.Silo.Server;

namespace Hypeman.Tests.Silo.Dashboard;

public sealed class DashboardGateTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Nothing_of_the_dashboard_is_shown_without_a_token_with_full_access()
    {
        await using var server = await TestServer.StartedAsync();
        using var stranger = server.Client([]);
        using var guest = server.Client(["instance:read"]);
        using var owner = server.Client(null);

        foreach (var path in new[] { "dashboard/", "dashboard/index.min.js", "dashboard/DashboardCounters", "dashboard/Trace" })
        {
            Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, path));
            Assert.Equal(HttpStatusCode.Forbidden, await StatusAsync(guest, path));
        }
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(owner, "dashboard/"));
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(owner, "dashboard/DashboardCounters"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(stranger, "dashboard/?token=nonsense"));
    }

    [Fact]
    public async Task A_browser_changes_its_token_for_a_cookie_of_the_dashboard_alone()
    {
        await using var server = await TestServer.StartedAsync();
        using var browser = server.Client([]);

        using var answer = await browser.GetAsync($"dashboard/?token={server.Token(null)}", Cancelled);

        Assert.Equal(HttpStatusCode.Redirect, answer.StatusCode);
        Assert.Equal("/dashboard/", answer.Headers.Location!.ToString());
        var cookie = Assert.Single(answer.Headers.GetValues("Set-Cookie"));
        Assert.Contains("path=/dashboard; samesite=strict; httponly", cookie, StringComparison.Ordinal);
        browser.DefaultRequestHeaders.Add("Cookie", cookie.Split(';')[0]);
        Assert.Equal(HttpStatusCode.OK, await StatusAsync(browser, "dashboard/"));
        Assert.Equal(HttpStatusCode.Unauthorized, await StatusAsync(browser, "instances"));
    }

    private static async Task<HttpStatusCode> StatusAsync(HttpClient client, string path)
    {
        using var answer = await client.GetAsync(path, HttpCompletionOption.ResponseHeadersRead, Cancelled);
        return answer.StatusCode;
    }
}

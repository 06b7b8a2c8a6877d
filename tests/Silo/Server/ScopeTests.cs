using System.Net;
using Hypeman.Gateway.Auth;

namespace Hypeman.Tests.Silo.Server;

/// <summary>The scopes of tokens, as the whole server keeps them: over every route that there is.</summary>
public sealed class ScopeTests
{
    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_token_with_one_scope_may_do_what_that_scope_is_for_and_nothing_else()
    {
        await using var server = await TestServer.StartedAsync();
        var wrong = new List<string>();
        foreach (var scope in Scopes.Known)
        {
            using var client = server.Client(scope);
            foreach (var (route, needed) in RouteScopes.All)
            {
                var may = scope == Scopes.All || needed == scope || needed == RouteScopes.Public;
                using var answer = await client.SendAsync(Request(route), Cancelled);
                if (!IsRight(answer.StatusCode, may))
                    wrong.Add($"{route} answered {(int)answer.StatusCode} to {scope}");
            }
        }
        Assert.Empty(wrong);
    }

    /// <summary>Who may ask is told that there is no such thing, or what is wrong with the request.</summary>
    private static bool IsRight(HttpStatusCode status, bool may) => may
        ? status is HttpStatusCode.OK or HttpStatusCode.BadRequest or HttpStatusCode.NotFound
        : status is HttpStatusCode.Forbidden;

    private static HttpRequestMessage Request(string route)
    {
        var (method, template) = (route.Split(' ')[0], route.Split(' ')[1]);
        var path = template.Replace("{id}", "nobody", StringComparison.Ordinal).Replace("{**name}", "nothing", StringComparison.Ordinal);
        return new HttpRequestMessage(new HttpMethod(method), path);
    }
}

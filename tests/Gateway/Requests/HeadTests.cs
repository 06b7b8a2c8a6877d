using System.Net;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Requests;

public sealed class HeadTests(ApiHost api) : ApiTests(api)
{
    private static readonly string[] Streams =
        ["/instances/{id}/logs", "/instances/{id}/exec", "/instances/{id}/cp"];

    [Fact]
    public async Task What_answers_GET_answers_HEAD_alike_but_without_a_body()
    {
        var name = NewName();
        await CreateAsync(name);
        var paths = ApiRouteInfo.AllOf(Api).Where(route => route.Method == "GET" && !Streams.Contains(route.Template))
            .Select(route => route.SamplePath).Append($"/instances/{name}").Append("/images/web").ToList();
        foreach (var path in paths)
        {
            using var get = await Api.Client.GetAsync(path);
            using var head = await HeadAsync(Api.Client, path);
            Assert.True(get.StatusCode == head.StatusCode, $"HEAD {path} answered {head.StatusCode}, GET {get.StatusCode}");
            Assert.Equal(get.Content.Headers.ContentType, head.Content.Headers.ContentType);
            Assert.Empty(await head.Content.ReadAsByteArrayAsync());
        }
        Assert.Contains("/health", paths);
    }

    [Fact]
    public async Task HEAD_needs_the_scope_of_GET()
    {
        using var nobody = Api.ClientWith(null);
        using var wrong = Api.ClientWith(ApiHost.Token("image:read"));
        using var right = Api.ClientWith(ApiHost.Token("instance:read"));
        Assert.Equal(HttpStatusCode.Unauthorized, (await HeadAsync(nobody, "/instances")).StatusCode);
        Assert.Equal(HttpStatusCode.Forbidden, (await HeadAsync(wrong, "/instances")).StatusCode);
        Assert.Equal(HttpStatusCode.OK, (await HeadAsync(right, "/instances")).StatusCode);
    }

    [Fact]
    public async Task Streams_do_not_take_HEAD()
    {
        foreach (var path in Streams)
        {
            using var head = await HeadAsync(Api.Client, path.Replace("{id}", "nobody", StringComparison.Ordinal));
            Assert.Equal(HttpStatusCode.MethodNotAllowed, head.StatusCode);
        }
    }

    private static Task<HttpResponseMessage> HeadAsync(HttpClient client, string path) =>
        client.SendAsync(new HttpRequestMessage(HttpMethod.Head, path));
}

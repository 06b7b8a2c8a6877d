using System.Net;
using System.Net.Http.Json;
using System.Text;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;

[assembly: AssemblyFixture(typeof(ApiHost))]

// Faults and guests are planned on the one node that all tests share.
[assembly: CollectionBehavior(DisableTestParallelization = true)]

namespace Hypeman.Tests.Gateway.Hosting;

/// <summary>What tests of the running API have in common. They share one server and use names of their own.</summary>
public abstract class ApiTests(ApiHost api)
{
    private static int _names;

    protected ApiHost Api { get; } = api;

    protected static string NewName() => $"web-{Interlocked.Increment(ref _names)}";

    /// <summary>Makes an instance and returns its id.</summary>
    protected async Task<string> CreateAsync(string? name = null, string more = "")
    {
        var body = $$"""{"name": "{{name ?? NewName()}}", "image": "web"{{more}}}""";
        using var response = await PostAsync("/instances", body);
        var json = await ReadAsync(response, HttpStatusCode.Created);
        return json.GetProperty("id").GetString()!;
    }

    protected Task<HttpResponseMessage> PostAsync(string path, string body) =>
        Api.Client.PostAsync(path, new StringContent(body, Encoding.UTF8, "application/json"));

    protected async Task<JsonElement> GetAsync(string path, HttpStatusCode status = HttpStatusCode.OK)
    {
        using var response = await Api.Client.GetAsync(path);
        return await ReadAsync(response, status);
    }

    protected async Task<JsonElement> PostAsync(string path, string body, HttpStatusCode status)
    {
        using var response = await PostAsync(path, body);
        return await ReadAsync(response, status);
    }

    /// <summary>Changes an instance.</summary>
    protected async Task<JsonElement> PatchAsync(string id, string body, HttpStatusCode status)
    {
        using var response = await Api.Client.PatchAsync($"/instances/{id}", new StringContent(body, Encoding.UTF8, "application/json"));
        return await ReadAsync(response, status);
    }

    protected async Task DeleteAsync(string path, HttpStatusCode status = HttpStatusCode.NoContent)
    {
        using var response = await Api.Client.DeleteAsync(path);
        Assert.Equal(status, response.StatusCode);
    }

    protected static async Task<JsonElement> ReadAsync(HttpResponseMessage response, HttpStatusCode status)
    {
        var text = await response.Content.ReadAsStringAsync();
        Assert.True(status == response.StatusCode, $"Expected {status}, got {response.StatusCode}: {text}");
        return JsonDocument.Parse(text).RootElement;
    }

    /// <summary>Checks an error answer.</summary>
    protected static void AssertError(JsonElement error, string code, string messagePart)
    {
        Assert.Equal(code, error.GetProperty("code").GetString());
        Assert.Contains(messagePart, error.GetProperty("message").GetString(), StringComparison.Ordinal);
    }
}

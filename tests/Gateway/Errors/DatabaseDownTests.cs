using System.Net;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Errors;

/// <summary>The API while the database is down.</summary>
public sealed class DatabaseDownTests : ApiTests, IDisposable
{
    public DatabaseDownTests(ApiHost api)
        : base(api) => api.Index.IsDown = true;

    public void Dispose() => Api.Index.IsDown = false;

    [Fact]
    public async Task Health_still_answers() => await GetAsync("/health");

    [Fact]
    public async Task Reads_and_writes_are_unavailable_and_worth_repeating()
    {
        using var created = await PostAsync("/instances", $$"""{"name": "{{NewName()}}", "image": "web"}""");
        using var listed = await Api.Client.GetAsync("/instances");
        foreach (var response in (HttpResponseMessage[])[created, listed])
        {
            var error = await ReadAsync(response, HttpStatusCode.ServiceUnavailable);
            AssertError(error, "unavailable", "the database cannot be reached, try again");
            Assert.Equal("1", response.Headers.GetValues("Retry-After").Single());
            Assert.False(response.Headers.Contains("x-should-retry"));
        }
    }

    [Fact]
    public async Task Who_is_in_memory_still_answers_to_its_id()
    {
        Api.Index.IsDown = false;
        var id = await CreateAsync();
        Api.Index.IsDown = true;

        Assert.Equal(id, (await GetAsync($"/instances/{id}")).GetProperty("id").GetString());
    }
}

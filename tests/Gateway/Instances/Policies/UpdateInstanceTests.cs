using System.Net;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Instances.Policies;

public sealed class UpdateInstanceTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task An_instance_can_be_made_with_a_lifetime_and_tells_its_end()
    {
        var made = await GetAsync($"/instances/{await CreateAsync(more: ", \"ttl\": \"1h30m\"")}");

        var life = made.GetProperty("expires_at").GetDateTimeOffset() - made.GetProperty("created_at").GetDateTimeOffset();
        Assert.Equal(TimeSpan.FromMinutes(90), life);
    }

    [Theory]
    [InlineData("2099-08-21T18:00:00Z", "2099-08-21T18:00:00Z")]
    [InlineData("2099-08-21T20:00:00.123456789+02:00", "2099-08-21T18:00:00.1234567Z")]
    public async Task An_end_can_be_named(string end, string told)
    {
        var id = await CreateAsync(more: $$""", "expires_at": "{{end}}" """);

        Assert.Equal(told, (await GetAsync($"/instances/{id}")).GetProperty("expires_at").GetString());
    }

    [Fact]
    public async Task The_end_can_be_changed_and_taken_back()
    {
        var id = await CreateAsync();

        var ending = await PatchAsync(id, """{"ttl": "1h"}""", HttpStatusCode.OK);
        var endless = await PatchAsync(id, """{"ttl": "0s"}""", HttpStatusCode.OK);

        var life = ending.GetProperty("expires_at").GetDateTimeOffset() - ending.GetProperty("created_at").GetDateTimeOffset();
        Assert.InRange(life, TimeSpan.FromHours(1), TimeSpan.FromMinutes(65));
        Assert.Equal(JsonValueKind.Null, endless.GetProperty("expires_at").ValueKind);
    }

    [Theory]
    [InlineData("""{"ttl": "soon"}""", "invalid_ttl", "ttl: \"soon\" is not a duration")]
    [InlineData("""{"ttl": "-1s"}""", "invalid_ttl", "ttl: must not be negative")]
    [InlineData("""{"ttl": 60}""", "Bad Request", "ttl: must be a string")]
    [InlineData("""{"expires_at": "tomorrow"}""", "invalid_expires_at", "expires_at: \"tomorrow\" is not a time")]
    [InlineData("""{"expires_at": "2099-13-01T00:00:00Z"}""", "invalid_expires_at", "expires_at: ")]
    [InlineData("""{"expires_at": "2099-01-01T00:00:00"}""", "invalid_expires_at", "expires_at: ")]
    [InlineData("""{"expires_at": "2020-01-01T00:00:00Z"}""", "invalid_expires_at", "expires_at: must be in the future")]
    [InlineData("""{"ttl": "1h", "expires_at": "2099-01-01T00:00:00Z"}""", "invalid_request", "ttl: must be left out")]
    [InlineData("{}", "invalid_request", "at least one field")]
    [InlineData("""{"colour": "red"}""", "Bad Request", "colour: is not a known field")]
    public async Task Bad_changes_are_refused_with_the_field(string body, string code, string message)
    {
        AssertError(await PatchAsync(await CreateAsync(), body, HttpStatusCode.BadRequest), code, message);
        if (body.Contains("ttl", StringComparison.Ordinal) || body.Contains("expires", StringComparison.Ordinal))
            AssertError(
                await PostAsync("/instances", $$"""{"name": "{{NewName()}}", "image": "web", {{body[1..]}}""", HttpStatusCode.BadRequest),
                code, message);
    }

    [Theory]
    [InlineData("env", """{"KEY": "new"}""")]
    public async Task What_is_not_built_yet_is_refused_by_name(string field, string value)
    {
        var body = $$"""{"{{field}}": {{value}}}""";
        AssertError(await PatchAsync(await CreateAsync(), body, HttpStatusCode.NotImplemented), "not_supported", $"{field}: ");
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        using var response = await Api.Client.PatchAsync("/instances/nobody", Json("""{"ttl": "1h"}"""));
        AssertError(await ReadAsync(response, HttpStatusCode.NotFound), "not_found", "resource");
    }

    private static StringContent Json(string body) => new(body, System.Text.Encoding.UTF8, "application/json");
}

using System.Net;
using Hypeman.Gateway.Health;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Health;

public sealed class HealthTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task Health_answers_ok() => Assert.Equal("ok", (await GetAsync("/health")).GetProperty("status").GetString());

    [Fact]
    public async Task The_description_is_served_as_it_was_written()
    {
        using var response = await Api.Client.GetAsync("/spec.yaml");
        Assert.Equal("application/vnd.oai.openapi", response.Content.Headers.ContentType!.MediaType);
        Assert.Equal(ApiDescription.Yaml, await response.Content.ReadAsStringAsync());
    }

    [Fact]
    public async Task The_description_is_served_as_JSON_with_its_types()
    {
        var document = await GetAsync("/spec.json");
        Assert.Equal(ApiDescription.Version, document.GetProperty("info").GetProperty("version").GetString());
        var vcpus = document.GetProperty("components").GetProperty("schemas").GetProperty("CreateInstanceRequest")
            .GetProperty("properties").GetProperty("vcpus");
        Assert.Equal(2, vcpus.GetProperty("default").GetInt32());
    }

    [Fact]
    public async Task Capabilities_are_those_of_the_nodes()
    {
        var capabilities = await GetAsync("/capabilities");
        Assert.Equal("qemu", capabilities.GetProperty("default_runtime").GetProperty("name").GetString());
        Assert.True(capabilities.GetProperty("default_runtime").GetProperty("available").GetBoolean());
        Assert.Equal("linux/amd64", capabilities.GetProperty("images").GetProperty("default_platform").GetString());
        Assert.False(capabilities.GetProperty("network").GetProperty("guest_to_guest").GetBoolean());
    }

    [Fact]
    public void Without_nodes_nothing_is_available()
    {
        var capabilities = CapabilitiesResponse.From([]);
        Assert.False(capabilities.DefaultRuntime.Available);
        Assert.Empty(capabilities.Runtimes);
    }

    [Fact]
    public async Task Answers_do_not_tell_the_server()
    {
        using var response = await Api.Client.GetAsync("/health");
        Assert.False(response.Headers.Contains("Server"));
        Assert.True(response.Headers.Contains("X-Request-Id"));
        Assert.Equal(HttpStatusCode.OK, response.StatusCode);
    }
}

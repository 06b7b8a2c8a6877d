using System.Net;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Ingresses;

public sealed class IngressTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task An_ingress_is_made_found_listed_and_deleted()
    {
        var target = NewName();
        await CreateAsync(target);
        var (name, host) = (NewName(), $"{NewName()}.example.com");
        var body = Body(name, host, target).Replace("}]", "}], \"tags\": {\"in\": \"list\"}", StringComparison.Ordinal);
        var ingress = await PostAsync("/ingresses", body, HttpStatusCode.Created);
        var id = ingress.GetProperty("id").GetString()!;

        Assert.Equal(
            $$$"""[{"match":{"hostname":"{{{host}}}","port":80},"target":{"instance":"{{{target}}}","port":8080},"tls":false,"redirect_http":false}]""",
            ingress.GetProperty("rules").GetRawText());
        foreach (var word in (string[])[id, name, id[..12]])
            Assert.Equal(id, (await GetAsync($"/ingresses/{word}")).GetProperty("id").GetString());
        Assert.Equal(id, (await GetAsync("/ingresses?tags[in]=list")).EnumerateArray().Single().GetProperty("id").GetString());

        await DeleteAsync($"/ingresses/{name}");
        await GetAsync($"/ingresses/{id}", HttpStatusCode.NotFound);
        await PostAsync("/ingresses", body, HttpStatusCode.Created);
    }

    [Fact]
    public async Task A_hostname_and_a_name_belong_to_one_ingress()
    {
        var target = NewName();
        await CreateAsync(target);
        var (name, host) = (NewName(), $"{NewName()}.example.com");
        await PostAsync("/ingresses", Body(name, host, target), HttpStatusCode.Created);

        AssertError(
            await PostAsync("/ingresses", Body(NewName(), host, target), HttpStatusCode.Conflict), "hostname_in_use", host);
        AssertError(
            await PostAsync("/ingresses", Body(name, $"{NewName()}.example.com", target), HttpStatusCode.Conflict),
            "already_exists", name);
    }

    [Fact]
    public async Task The_target_must_exist() => AssertError(
        await PostAsync("/ingresses", Body(NewName(), $"{NewName()}.example.com", "nobody"), HttpStatusCode.BadRequest),
        "instance_not_found", "nobody");

    [Theory]
    [InlineData("""{"rules": []}""", "rules: must be a list of at least one rule")]
    [InlineData("""{"name": "a"}""", "rules: must be a list of at least one rule")]
    [InlineData("""{"name": "a", "rules": [{}]}""", "rules[0].match: is required")]
    [InlineData("""{"name": "a", "rules": [1]}""", "rules[0]: must be an object")]
    [InlineData("""{"name": "a", "rules": [{"match": {"hostname": "h", "port": 0}, "target": {"instance": "i", "port": 1}}]}""",
        "rules[0].match.port: must be from 1 to 65535")]
    [InlineData("""{"name": "a", "rules": [{"match": {"hostname": "h"}, "target": {"instance": "i"}}]}""",
        "rules[0].target.port: is required")]
    [InlineData("""{"name": "a", "rules": [{"match": {"hostname": "h"}, "target": {"instance": "i", "port": 65536}}]}""",
        "rules[0].target.port: must be from 1 to 65535")]
    [InlineData("""{"name": "a", "rules": [{"match": {"host": "h"}, "target": {"instance": "i", "port": 1}}]}""",
        "rules[0].match.hostname: is required")]
    public async Task Bad_input_is_refused_with_the_field(string body, string message) =>
        AssertError(await PostAsync("/ingresses", body, HttpStatusCode.BadRequest), "Bad Request", message);

    [Theory]
    [InlineData("\"tls\": true")]
    [InlineData("\"redirect_http\": true")]
    public async Task What_needs_certificates_is_refused(string field)
    {
        var rule = $$$"""{"match": {"hostname": "h.example.com"}, "target": {"instance": "i", "port": 1}, {{{field}}}}""";
        AssertError(
            await PostAsync("/ingresses", $$"""{"name": "a", "rules": [{{rule}}]}""", HttpStatusCode.BadRequest), "bad_request", "rules[0].");
    }

    [Fact]
    public async Task Header_checks_are_not_built_yet()
    {
        var rule = """{"match": {"hostname": "h"}, "target": {"instance": "i", "port": 1}, "request_header_auth": {"header": "X"}}""";
        AssertError(
            await PostAsync("/ingresses", $$"""{"name": "a", "rules": [{{rule}}]}""", HttpStatusCode.NotImplemented),
            "not_supported", "rules[0].request_header_auth: ");
    }

    [Fact]
    public async Task What_does_not_exist_is_not_found()
    {
        await GetAsync("/ingresses/nobody", HttpStatusCode.NotFound);
        await DeleteAsync("/ingresses/nobody", HttpStatusCode.NotFound);
    }

    private static string Body(string name, string host, string target) => $$$"""
        {"name": "{{{name}}}", "rules": [{"match": {"hostname": "{{{host}}}"}, "target": {"instance": "{{{target}}}", "port": 8080}}]}
        """;
}

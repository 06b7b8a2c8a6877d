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
            $$$"""[{"match":{"hostname":"{{{host}}}","port":80},"target":{"instance":"{{{target}}}","port":8080},"tls":false,"redirect_http":false,"""
            + "\"wake\":\"standby\"}]",
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
    public async Task A_pattern_and_the_header_it_asks_for_are_shown_and_the_value_is_not()
    {
        var (host, secret) = ($"{{instance}}.{NewName()}.example.com", new string('s', 40));
        var body = Body(NewName(), host, "{instance}").Replace(
            "}]", $$$""", "request_header_auth": {"header": "X-Key", "value": "{{{secret}}}"}}]""", StringComparison.Ordinal);

        var made = (await PostAsync("/ingresses", body, HttpStatusCode.Created)).GetProperty("rules")[0];

        Assert.Equal((host, "{instance}"),
            (made.GetProperty("match").GetProperty("hostname").GetString(), made.GetProperty("target").GetProperty("instance").GetString()));
        Assert.Equal(
            $$"""{"header":"X-Key","value":"{{new string('*', 32)}}"}""", made.GetProperty("request_header_auth").GetRawText());
    }

    [Fact]
    public async Task Whom_a_request_wakes_is_for_the_rule_to_say()
    {
        var body = Body(NewName(), $"{{instance}}.{NewName()}.example.com", "{instance}");

        var made = await PostAsync("/ingresses", body.Replace("}]", ", \"wake\": \"stopped\"}]", StringComparison.Ordinal), HttpStatusCode.Created);

        Assert.Equal("stopped", made.GetProperty("rules")[0].GetProperty("wake").GetString());
        AssertError(
            await PostAsync("/ingresses", body.Replace("}]", ", \"wake\": \"always\"}]", StringComparison.Ordinal), HttpStatusCode.BadRequest),
            "Bad Request", "rules[0].wake: must be one of standby, stopped, never, but is");
    }

    [Fact]
    public async Task Requests_that_do_not_wake_are_for_the_rule_to_say_too()
    {
        var body = Body(NewName(), $"{{instance}}.{NewName()}.example.com", "{instance}");
        string With(string filter) => body.Replace("}]", $", \"wake_filter\": {filter}}}]", StringComparison.Ordinal);

        var made = await PostAsync("/ingresses", With("""{"except_paths": ["/healthz"], "except_user_agents": ["kube*"]}"""), HttpStatusCode.Created);

        Assert.Equal(
            """{"only_paths":[],"except_paths":["/healthz"],"except_user_agents":["kube*"]}""",
            made.GetProperty("rules")[0].GetProperty("wake_filter").GetRawText());
        AssertError(
            await PostAsync("/ingresses", With("""{"only_paths": ["healthz"]}"""), HttpStatusCode.BadRequest),
            "bad_request", "rules[0].wake_filter.only_paths[0]: 'healthz' fits no path; begin it with / or *");
        AssertError(
            await PostAsync("/ingresses", With("""{"paths": ["/"]}"""), HttpStatusCode.BadRequest), "Bad Request", "rules[0].wake_filter.paths");
    }

    [Theory]
    [InlineData("{}", "rules[0].request_header_auth.header: is required")]
    [InlineData("""{"header": "X-Key"}""", "rules[0].request_header_auth.value: is required")]
    [InlineData("""{"header": "X-Key", "value": "short"}""", "rules[0].request_header_auth.value: must be 32 to 256 characters, but is 5")]
    public async Task A_header_without_a_long_value_is_refused(string auth, string message)
    {
        var rule = $$$"""{"match": {"hostname": "h"}, "target": {"instance": "i", "port": 1}, "request_header_auth": {{{auth}}}}""";
        AssertError(await PostAsync("/ingresses", $$"""{"name": "a", "rules": [{{rule}}]}""", HttpStatusCode.BadRequest), "Bad Request", message);
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

using System.Net;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;

namespace Hypeman.Tests.Gateway.Instances.Policies;

/// <summary>When instances go to standby by themselves, as it is asked for and told.</summary>
public sealed class AutoStandbyTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task A_policy_is_told_as_it_was_understood()
    {
        var made = await GetAsync("/instances/" + await CreateAsync(more: """
            , "auto_standby": {"enabled": true, "idle_timeout": "90s", "ignore_destination_ports": [9100, 22, 9100],
            "ignore_source_cidrs": ["192.168.7.9/16", "fd12::1/8", "10.1.2.3/8", "10.9.9.9/8", "10.0.0.0/16"]}
            """));

        Assert.Equal(
            """{"enabled":true,"idle_timeout":"1m30s","ignore_source_cidrs":["10.0.0.0/8","10.0.0.0/16","192.168.0.0/16","fd00::/8"],"""
            + "\"ignore_destination_ports\":[22,9100]}",
            made.GetProperty("auto_standby").GetRawText());
    }

    [Fact]
    public async Task It_can_be_given_later_changed_and_switched_off()
    {
        var id = await CreateAsync();
        Assert.False((await GetAsync($"/instances/{id}")).TryGetProperty("auto_standby", out _));
        AssertStatus(await StatusAsync(id), "disabled", "policy_missing", configured: false, enabled: false, eligible: false);

        await GetAsync($"/instances/{id}/wait?state=Running");
        await PatchAsync(id, """{"auto_standby": {"enabled": true, "idle_timeout": "5m"}}""", HttpStatusCode.OK);
        var counted = await StatusAsync(id);
        var off = await PatchAsync(id, """{"auto_standby": {"enabled": false, "idle_timeout": "5m"}}""", HttpStatusCode.OK);

        AssertStatus(counted, "idle_countdown", "idle_timeout_not_elapsed", configured: true, enabled: true, eligible: true);
        Assert.Equal("5m0s", counted.GetProperty("idle_timeout").GetString());
        Assert.Equal(
            TimeSpan.FromMinutes(5),
            counted.GetProperty("next_standby_at").GetDateTimeOffset() - counted.GetProperty("idle_since").GetDateTimeOffset());
        Assert.Matches("^(5m|4m[0-9.]+s)", counted.GetProperty("countdown_remaining").GetString());
        Assert.Equal("""{"enabled":false,"idle_timeout":"5m0s"}""", off.GetProperty("auto_standby").GetRawText());
        AssertStatus(await StatusAsync(id), "disabled", "policy_disabled", configured: true, enabled: false, eligible: false);
    }

    [Fact]
    public async Task A_hold_is_told_and_one_of_an_instance_in_standby_is_refused()
    {
        var id = await CreateAsync(more: """, "auto_standby": {"enabled": true, "idle_timeout": "5m"}""");
        await GetAsync($"/instances/{id}/wait?state=Running");

        var held = await PostAsync($"/instances/{id}/auto-standby/hold", "", HttpStatusCode.OK);
        var until = held.GetProperty("hold_until").GetDateTimeOffset();
        Assert.Equal(until, held.GetProperty("next_standby_at").GetDateTimeOffset());
        await PostAsync($"/instances/{id}/standby", "", HttpStatusCode.OK);

        AssertError(await PostAsync($"/instances/{id}/auto-standby/hold", "", HttpStatusCode.Conflict), "instance_in_standby", "restore it");
        AssertStatus(await StatusAsync(id), "ineligible", "instance_not_running", configured: true, enabled: true, eligible: false);
    }

    [Fact]
    public async Task Of_an_instance_that_does_not_go_by_itself_a_hold_changes_nothing()
    {
        var id = await CreateAsync();

        var held = await PostAsync($"/instances/{id}/auto-standby/hold", "", HttpStatusCode.OK);

        AssertStatus(held, "disabled", "policy_missing", configured: false, enabled: false, eligible: false);
        Assert.Equal(JsonValueKind.Null, held.GetProperty("hold_until").ValueKind);
    }

    [Theory]
    [InlineData("""{"enabled": true}""", "invalid_auto_standby", "auto_standby.idle_timeout: is required when auto_standby is enabled")]
    [InlineData("""{"enabled": true, "idle_timeout": "0s"}""", "invalid_auto_standby", "auto_standby.idle_timeout: must be at least")]
    [InlineData("""{"enabled": true, "idle_timeout": "-5m"}""", "invalid_auto_standby", "auto_standby.idle_timeout: must be at least")]
    [InlineData("""{"enabled": true, "idle_timeout": "soon"}""", "invalid_auto_standby", "auto_standby.idle_timeout: \"soon\" is not a duration")]
    [InlineData("""{"idle_timeout": "-5m"}""", "invalid_auto_standby", "auto_standby.idle_timeout: must be at least")]
    [InlineData("""{"ignore_source_cidrs": ["10.0.0.0/8", "ten"]}""", "invalid_auto_standby", "auto_standby.ignore_source_cidrs[1]: \"ten\" is no network")]
    [InlineData("""{"ignore_source_cidrs": ["10.0.0.1"]}""", "invalid_auto_standby", "it is \"10.0.0.1/32\"")]
    [InlineData("""{"ignore_source_cidrs": ["10.0.0.0/33"]}""", "invalid_auto_standby", "its length is 0 to 32")]
    [InlineData("""{"ignore_source_cidrs": ["fd00::/129"]}""", "invalid_auto_standby", "its length is 0 to 128")]
    [InlineData("""{"ignore_source_cidrs": ["fe80::1%eth0/64"]}""", "invalid_auto_standby", "is no network")]
    [InlineData("""{"ignore_source_cidrs": "10.0.0.0/8"}""", "Bad Request", "auto_standby.ignore_source_cidrs: must be a list")]
    [InlineData("""{"ignore_source_cidrs": ["10.0.0.0/8", 2]}""", "Bad Request", "auto_standby.ignore_source_cidrs[1]: must be a string")]
    [InlineData("""{"ignore_destination_ports": [0]}""", "Bad Request", "auto_standby.ignore_destination_ports[0]: must be a whole number from 1 to 65535")]
    [InlineData("""{"ignore_destination_ports": [80, "x"]}""", "Bad Request", "auto_standby.ignore_destination_ports[1]: ")]
    [InlineData("""{"enabled": "yes"}""", "Bad Request", "auto_standby.enabled: must be true or false")]
    [InlineData("""{"colour": "red"}""", "Bad Request", "auto_standby.colour: is not a known field")]
    public async Task Bad_ones_are_refused_with_the_field(string policy, string code, string message)
    {
        AssertError(await PatchAsync(await CreateAsync(), $$"""{"auto_standby": {{policy}}}""", HttpStatusCode.BadRequest), code, message);
        var body = $$"""{"name": "{{NewName()}}", "image": "web", "auto_standby": {{policy}}}""";
        AssertError(await PostAsync("/instances", body, HttpStatusCode.BadRequest), code, message);
    }

    [Theory]
    [InlineData("GET", "status")]
    [InlineData("POST", "hold")]
    public async Task What_does_not_exist_is_not_found(string method, string what)
    {
        using var response = await Api.Client.SendAsync(new HttpRequestMessage(new HttpMethod(method), $"/instances/nobody/auto-standby/{what}"));
        AssertError(await ReadAsync(response, HttpStatusCode.NotFound), "not_found", "resource");
    }

    private Task<JsonElement> StatusAsync(string id) => GetAsync($"/instances/{id}/auto-standby/status");

    private static void AssertStatus(JsonElement status, string word, string reason, bool configured, bool enabled, bool eligible) => Assert.Equal(
        (true, configured, enabled, eligible, word, reason),
        (status.GetProperty("supported").GetBoolean(), status.GetProperty("configured").GetBoolean(), status.GetProperty("enabled").GetBoolean(),
            status.GetProperty("eligible").GetBoolean(), status.GetProperty("status").GetString(), status.GetProperty("reason").GetString()));
}

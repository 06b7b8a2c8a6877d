using System.Net;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Gateway.Instances.Policies;

public sealed class RestartPolicyTests(ApiHost api) : ApiTests(api)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task A_policy_is_told_back_with_its_defaults_and_without_one_nothing_is_told()
    {
        var with = await GetAsync($"/instances/{await CreateAsync(more: """, "restart_policy": {"policy": "on_failure", "max_attempts": 3} """)}");
        var without = await GetAsync($"/instances/{await CreateAsync(more: """, "restart_policy": {} """)}");

        Assert.Equal(
            """{"policy":"on_failure","backoff":"5s","max_attempts":3,"stable_after":"10m0s"}""", with.GetProperty("restart_policy").GetRawText());
        Assert.Equal(
            """{"attempts":0,"last_attempt_at":null,"next_attempt_at":null,"blocked_reason":null,"last_reason":null}""",
            with.GetProperty("restart_status").GetRawText());
        Assert.False(without.TryGetProperty("restart_policy", out _) || without.TryGetProperty("restart_status", out _));
    }

    [Fact]
    public async Task One_that_has_ended_is_started_again_and_a_wait_waits_for_that()
    {
        var id = await CreateAsync(more: """, "restart_policy": {"policy": "always", "backoff": "300ms"} """);
        Api.Node.Vms.Exit(id, 0);
        await Until.True(async () => (await StatusAsync(id)).GetProperty("next_attempt_at").ValueKind == JsonValueKind.String
            || (await StatusAsync(id)).GetProperty("attempts").GetInt32() == 1, Patience, "the next attempt is planned");

        var waited = await GetAsync($"/instances/{id}/wait?state=Running&timeout=20s");

        Assert.Equal("Running", waited.GetProperty("state").GetString());
        Assert.Equal(1, (await StatusAsync(id)).GetProperty("attempts").GetInt32());
    }

    [Fact]
    public async Task One_that_was_stopped_says_so_and_a_start_clears_it()
    {
        var id = await CreateAsync(more: """, "restart_policy": {"policy": "always"} """);

        var stopped = await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);
        var started = await PostAsync($"/instances/{id}/start", "", HttpStatusCode.OK);

        Assert.Equal("manual_stop", stopped.GetProperty("restart_status").GetProperty("blocked_reason").GetString());
        Assert.Equal(JsonValueKind.Null, started.GetProperty("restart_status").GetProperty("blocked_reason").ValueKind);
    }

    [Fact]
    public async Task A_stop_while_it_waits_for_its_next_attempt_is_answered_with_Stopped()
    {
        var id = await CreateAsync(more: """, "restart_policy": {"policy": "always", "backoff": "1h"} """);
        Api.Node.Vms.Exit(id, 0);
        await Until.True(async () => (await StatusAsync(id)).GetProperty("next_attempt_at").ValueKind == JsonValueKind.String,
            Patience, "the next attempt is planned");

        var stopped = await PostAsync($"/instances/{id}/stop", "", HttpStatusCode.OK);

        Assert.Equal("Stopped", stopped.GetProperty("state").GetString());
        Assert.Equal(JsonValueKind.Null, stopped.GetProperty("restart_status").GetProperty("next_attempt_at").ValueKind);
    }

    [Fact]
    public async Task A_policy_can_be_changed_and_taken_away()
    {
        var id = await CreateAsync();

        var with = await PatchAsync(id, """{"restart_policy": {"policy": "always"}}""", HttpStatusCode.OK);
        var without = await PatchAsync(id, """{"restart_policy": {"policy": "never"}}""", HttpStatusCode.OK);

        Assert.Equal("always", with.GetProperty("restart_policy").GetProperty("policy").GetString());
        Assert.False(without.TryGetProperty("restart_policy", out _));
    }

    [Theory]
    [InlineData("""{"policy": "sometimes"}""", "Bad Request", "restart_policy.policy: must be one of never, always, on_failure")]
    [InlineData("""{"policy": "always", "backoff": "soon"}""", "invalid_restart_policy", "restart_policy.backoff: ")]
    [InlineData("""{"policy": "always", "backoff": "0s"}""", "invalid_restart_policy", "restart_policy.backoff: must be at least 100ms")]
    [InlineData("""{"policy": "always", "backoff": "1000000h"}""", "invalid_restart_policy", "restart_policy.backoff: must be at most")]
    [InlineData("""{"policy": "always", "stable_after": "-1s"}""", "invalid_restart_policy", "restart_policy.stable_after: must be at least 1s")]
    [InlineData("""{"policy": "always", "max_attempts": -1}""", "Bad Request", "restart_policy.max_attempts: must be at least 0")]
    [InlineData("""{"mode": "always"}""", "Bad Request", "restart_policy.mode: is not a known field")]
    [InlineData("\"always\"", "Bad Request", "restart_policy: must be an object")]
    public async Task Bad_policies_are_refused_with_the_field(string policy, string code, string message)
    {
        var id = await CreateAsync();

        AssertError(await PatchAsync(id, $$"""{"restart_policy": {{policy}}}""", HttpStatusCode.BadRequest), code, message);
        AssertError(
            await PostAsync("/instances", $$"""{"name": "{{NewName()}}", "image": "web", "restart_policy": {{policy}}}""", HttpStatusCode.BadRequest),
            code, message);
    }

    private async Task<JsonElement> StatusAsync(string id) => (await GetAsync($"/instances/{id}")).GetProperty("restart_status");
}

using System.Net;
using System.Text.Json;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Gateway.Instances.Policies;

public sealed class HealthCheckTests(ApiHost api) : ApiTests(api)
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Without_a_check_the_health_is_disabled()
    {
        var instance = await GetAsync($"/instances/{await CreateAsync()}");

        Assert.False(instance.TryGetProperty("health_check", out _));
        Assert.Equal(
            """{"status":"disabled","consecutive_successes":0,"consecutive_failures":0}""", instance.GetProperty("health_status").GetRawText());
    }

    [Fact]
    public async Task A_check_is_told_back_with_its_defaults()
    {
        var id = await CreateAsync(more: """, "health_check": {"type": "http", "http": {"port": 8080}} """);

        Assert.Equal(
            """{"type":"http","interval":"10s","timeout":"2s","start_period":"30s","failure_threshold":3,"success_threshold":1,"""
            + """ "http":{"port":8080,"path":"/","scheme":"http","expected_status":200}}""".TrimStart(),
            (await GetAsync($"/instances/{id}")).GetProperty("health_check").GetRawText());
    }

    [Fact]
    public async Task A_command_that_ends_well_makes_it_healthy_and_a_change_of_the_check_begins_anew()
    {
        Api.Node.Vms.Guest = request => new EndingSession(0, "fine");
        try
        {
            var id = await CreateAsync(more: """, "health_check": {"type": "exec", "exec": {"command": ["check"], "working_dir": "/app"}} """);
            await IsAsync(id, "healthy");

            Api.Node.Vms.Guest = request => new EndingSession(2, "broken pipe");
            const string check = """{"type": "exec", "interval": "1s", "start_period": "0s", "failure_threshold": 2, "exec": {"command": ["other"]}}""";
            await PatchAsync(id, $$"""{"health_check": {{check}}}""", HttpStatusCode.OK);
            var unhealthy = await IsAsync(id, "unhealthy");
            var none = await PatchAsync(id, """{"health_check": {"type": "none"}}""", HttpStatusCode.OK);

            Assert.Equal("exit code 2: broken pipe", unhealthy.GetProperty("last_error").GetString());
            Assert.Equal("disabled", none.GetProperty("health_status").GetProperty("status").GetString());
        }
        finally
        {
            Api.Node.Vms.Guest = request => new EchoSession(request);
        }
    }

    [Theory]
    [InlineData("""{"type": "ping"}""", "Bad Request", "health_check.type: must be one of none, http, tcp, exec")]
    [InlineData("""{"type": "http"}""", "invalid_health_check", "health_check.http: is required with type http")]
    [InlineData("""{"type": "tcp", "tcp": {"port": 1}, "http": {"port": 1}}""", "invalid_health_check", "health_check.http: must be left out unless")]
    [InlineData("""{"type": "tcp", "tcp": {}}""", "Bad Request", "health_check.tcp.port: is required")]
    [InlineData("""{"type": "tcp", "tcp": {"port": 65536}}""", "Bad Request", "health_check.tcp.port: must be from 1 to 65535")]
    [InlineData("""{"type": "exec", "exec": {"command": []}}""", "Bad Request", "health_check.exec.command: must have at least one word")]
    [InlineData("""{"type": "tcp", "tcp": {"port": 1}, "interval": "1ms"}""", "invalid_health_check", "health_check.interval: must be at least 1s")]
    [InlineData("""{"type": "tcp", "tcp": {"port": 1}, "timeout": "2h"}""", "invalid_health_check", "health_check.timeout: must be at most 1m0s")]
    [InlineData("""{"type": "tcp", "tcp": {"port": 1}, "start_period": "x"}""", "invalid_health_check", "health_check.start_period: ")]
    [InlineData("""{"type": "tcp", "tcp": {"port": 1}, "failure_threshold": 0}""", "Bad Request", "health_check.failure_threshold: must be at least 1")]
    [InlineData("""{"type": "http", "http": {"port": 1, "path": "x"}}""", "invalid_health_check", "health_check.http.path: must begin with /")]
    [InlineData("""{"type": "http", "http": {"port": 1, "scheme": "ftp"}}""", "Bad Request", "health_check.http.scheme: must be one of http, https")]
    [InlineData("""{"type": "http", "http": {"port": 1, "expected_status": 99}}""", "Bad Request", "health_check.http.expected_status: must be from 100")]
    [InlineData("""{"colour": "red"}""", "Bad Request", "health_check.colour: is not a known field")]
    public async Task Bad_checks_are_refused_with_the_field(string check, string code, string message)
    {
        AssertError(await PatchAsync(await CreateAsync(), $$"""{"health_check": {{check}}}""", HttpStatusCode.BadRequest), code, message);
        AssertError(
            await PostAsync("/instances", $$"""{"name": "{{NewName()}}", "image": "web", "health_check": {{check}}}""", HttpStatusCode.BadRequest),
            code, message);
    }

    [Theory]
    [InlineData("""{"type": "tcp", "tcp": {"port": 1}}""", """ "network": {"enabled": false} """, "http and tcp need the network")]
    [InlineData("""{"type": "exec", "exec": {"command": ["true"]}}""", """ "skip_guest_agent": true """, "exec needs the guest agent")]
    public async Task A_check_that_could_never_reach_it_is_refused(string check, string other, string message)
    {
        var body = $$"""{"name": "{{NewName()}}", "image": "web", {{other}}""";
        AssertError(
            await PostAsync("/instances", body + $$""", "health_check": {{check}}}""", HttpStatusCode.BadRequest), "invalid_health_check", message);
        var id = (await PostAsync("/instances", body + "}", HttpStatusCode.Created)).GetProperty("id").GetString()!;
        AssertError(await PatchAsync(id, $$"""{"health_check": {{check}}}""", HttpStatusCode.BadRequest), "invalid_health_check", message);
    }

    private async Task<JsonElement> IsAsync(string id, string status)
    {
        JsonElement health = default;
        await Until.True(async () =>
        {
            health = (await GetAsync($"/instances/{id}")).GetProperty("health_status");
            return health.GetProperty("status").GetString() == status;
        }, Patience, $"the instance is {status}");
        return health;
    }
}

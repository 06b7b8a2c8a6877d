using System.Net;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Gateway.Hosting;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Gateway.Instances;

public sealed class CreateInstanceTests(ApiHost api) : ApiTests(api)
{
    [Fact]
    public async Task An_instance_is_made_with_the_defaults_of_the_contract()
    {
        var name = NewName();
        var instance = await PostAsync("/instances", $$"""{"name": "{{name}}", "image": "web"}""", HttpStatusCode.Created);

        Assert.Matches("^[a-z][a-z0-9]{23}$", instance.GetProperty("id").GetString());
        Assert.Equal(name, instance.GetProperty("name").GetString());
        Assert.Equal(ApiHost.Image, instance.GetProperty("image").GetString());
        Assert.Contains(instance.GetProperty("state").GetString(), (string[])["Initializing", "Running"]);
        Assert.Equal("1024.0 MB", instance.GetProperty("size").GetString());
        Assert.Equal("0 B", instance.GetProperty("hotplug_size").GetString());
        Assert.Equal("10.0 GB", instance.GetProperty("overlay_size").GetString());
        Assert.Equal(2, instance.GetProperty("vcpus").GetInt32());
        Assert.Equal("qemu", instance.GetProperty("hypervisor").GetString());
        Assert.Equal("linux/amd64", instance.GetProperty("platform").GetString());
        Assert.False(instance.GetProperty("has_snapshot").GetBoolean());
        Assert.Equal("default", instance.GetProperty("network").GetProperty("name").GetString());
        foreach (var absent in (string[])["env", "tags", "volumes", "gpu", "disk_io_bps", "exit_message"])
            Assert.False(instance.TryGetProperty(absent, out _), absent);
        foreach (var nothing in (string[])["expires_at", "stopped_at", "exit_code", "state_error"])
            Assert.Equal(System.Text.Json.JsonValueKind.Null, instance.GetProperty(nothing).ValueKind);
        Assert.EndsWith("Z", instance.GetProperty("created_at").GetString(), StringComparison.Ordinal);
    }

    [Fact]
    public async Task Everything_that_was_asked_for_is_told_back()
    {
        var name = NewName();
        var body = $$"""
            {
              "name": "{{name}}", "image": "web", "size": "512MB", "hotplug_size": "1GB", "overlay_size": "2 gb", "vcpus": 1,
              "disk_io_bps": "100MB/s", "env": {"A": "1"}, "tags": {"team": "x y"}, "hypervisor": "qemu",
              "network": {"enabled": true, "bandwidth_download": "1Gbps", "bandwidth_upload": "125MB/s"},
              "entrypoint": ["/bin/sh", "-c"], "cmd": ["true"], "skip_kernel_headers": true
            }
            """;
        var instance = await PostAsync("/instances", body, HttpStatusCode.Created);

        Assert.Equal("512.0 MB", instance.GetProperty("size").GetString());
        Assert.Equal("1024.0 MB", instance.GetProperty("hotplug_size").GetString());
        Assert.Equal("2.0 GB", instance.GetProperty("overlay_size").GetString());
        Assert.Equal("100.0 MB/s", instance.GetProperty("disk_io_bps").GetString());
        Assert.Equal("""{"A":"1"}""", instance.GetProperty("env").GetRawText());
        Assert.Equal("""{"team":"x y"}""", instance.GetProperty("tags").GetRawText());
        Assert.Equal("119.2 MB/s", instance.GetProperty("network").GetProperty("bandwidth_download").GetString());
        Assert.Equal("125.0 MB/s", instance.GetProperty("network").GetProperty("bandwidth_upload").GetString());
    }

    [Fact]
    public async Task Without_a_network_nothing_more_is_told_of_it()
    {
        var body = $$$"""{"name": "{{{NewName()}}}", "image": "web", "network": {"enabled": false}}""";
        var instance = await PostAsync("/instances", body, HttpStatusCode.Created);
        Assert.Equal("""{"enabled":false}""", instance.GetProperty("network").GetRawText());
    }

    [Fact]
    public async Task Values_that_ask_for_nothing_are_taken()
    {
        var body = $$$"""
            {
              "name": "{{{NewName()}}}", "image": "web", "volumes": [], "devices": [], "credentials": {}, "gpu": {},
              "auto_standby": {"enabled": false}, "health_check": {"type": "none"}, "restart_policy": {"policy": "never"},
              "snapshot_policy": {"compression": {"enabled": false}}, "ttl": "0s", "platform": "linux/amd64",
              "network": {"egress": {"enabled": false}}
            }
            """;
        await PostAsync("/instances", body, HttpStatusCode.Created);
    }

    [Theory]
    [InlineData("volumes", """[{"volume_id": "v", "mount_path": "/data"}]""")]
    [InlineData("devices", """["gpu-0"]""")]
    [InlineData("credentials", """{"KEY": {"source": {"env": "KEY"}, "inject": []}}""")]
    [InlineData("gpu", """{"profile": "L40S-1Q"}""")]
    [InlineData("platform", "\"linux/riscv64\"")]
    public async Task What_is_not_built_yet_is_refused_by_name(string field, string value)
    {
        var body = $$"""{"name": "{{NewName()}}", "image": "web", "{{field}}": {{value}}}""";
        AssertError(await PostAsync("/instances", body, HttpStatusCode.NotImplemented), "not_supported", $"{field}: ");
    }

    [Theory]
    [InlineData(
        """{"compression": {"enabled": true}, "standby_compression_delay": "90s"}""",
        """{"compression":{"enabled":true,"algorithm":"zstd","level":1},"standby_compression_delay":"1m30s"}""")]
    [InlineData("""{"compression": {"enabled": true, "algorithm": "LZ4"}}""", """{"compression":{"enabled":true,"algorithm":"lz4","level":0}}""")]
    [InlineData("""{"compression": {"enabled": false, "level": 99}}""", """{"compression":{"enabled":false}}""")]
    public async Task A_snapshot_policy_is_told_as_it_was_understood(string policy, string expected)
    {
        var body = $$"""{"name": "{{NewName()}}", "image": "web", "snapshot_policy": {{policy}}}""";

        var instance = await PostAsync("/instances", body, HttpStatusCode.Created);

        Assert.Equal(expected, instance.GetProperty("snapshot_policy").GetRawText());
    }

    [Theory]
    [InlineData("""{"compression": {"enabled": true, "algorithm": "gzip"}}""", "snapshot_policy.compression.algorithm: must be zstd or lz4")]
    [InlineData("""{"compression": {"enabled": true, "level": 20}}""", "snapshot_policy.compression.level: must be from 1 to 19")]
    [InlineData("""{"compression": {"enabled": true, "algorithm": "lz4", "level": 10}}""", "must be from 0 to 9")]
    [InlineData("""{"standby_compression_delay": "soon"}""", "snapshot_policy.standby_compression_delay: ")]
    [InlineData("""{"standby_compression_delay": "-1s"}""", "must not be negative")]
    public async Task A_bad_snapshot_policy_is_refused_by_name(string policy, string message)
    {
        var body = $$"""{"name": "{{NewName()}}", "image": "web", "snapshot_policy": {{policy}}}""";

        AssertError(await PostAsync("/instances", body, HttpStatusCode.BadRequest), "invalid_snapshot_policy", message);
    }

    [Fact]
    public async Task Egress_rules_are_refused_by_name()
    {
        var body = $$$$"""{"name": "{{{{NewName()}}}}", "image": "web", "network": {"egress": {"enabled": true}}}""";
        AssertError(
            await PostAsync("/instances", body, HttpStatusCode.NotImplemented), "not_supported", "network.egress: ");
    }

    [Theory]
    [InlineData("\"size\": 1", "Bad Request", "size: must be a string")]
    [InlineData("\"size\": null", "Bad Request", "size: must be a string")]
    [InlineData("\"size\": \"1.5GB\"", "invalid_size", "size: ")]
    [InlineData("\"size\": \"0\"", "invalid_size", "size: ")]
    [InlineData("\"size\": \"33GB\"", "invalid_request", "size: ")]
    [InlineData("\"hotplug_size\": \"x\"", "invalid_hotplug_size", "hotplug_size: ")]
    [InlineData("\"overlay_size\": \"1Gb\"", "invalid_overlay_size", "overlay_size: ")]
    [InlineData("\"overlay_size\": \"101GB\"", "invalid_request", "overlay_size: ")]
    [InlineData("\"disk_io_bps\": \"fast\"", "invalid_disk_io_bps", "disk_io_bps: ")]
    [InlineData("\"network\": {\"bandwidth_download\": \"x\"}", "invalid_bandwidth_download", "network.bandwidth_download: ")]
    [InlineData("\"network\": {\"bandwidth_upload\": \"1bps\"}", "invalid_bandwidth_upload", "network.bandwidth_upload: ")]
    [InlineData("\"network\": {\"speed\": 1}", "Bad Request", "network.speed: is not a known field")]
    [InlineData("\"network\": []", "Bad Request", "network: must be an object")]
    [InlineData("\"platform\": \"windows\"", "invalid_platform", "platform: ")]
    [InlineData("\"vcpus\": 0", "Bad Request", "vcpus: must be at least 1")]
    [InlineData("\"vcpus\": 17", "invalid_request", "vcpus: ")]
    [InlineData("\"vcpus\": 1.5", "Bad Request", "vcpus: must be a whole number")]
    [InlineData("\"vcpus\": \"2\"", "Bad Request", "vcpus: must be a whole number")]
    [InlineData("\"env\": {\"A\": 1}", "Bad Request", "env.A: must be a string")]
    [InlineData("\"env\": {\"A=B\": \"1\"}", "invalid_request", "env.A=B: ")]
    [InlineData("\"cmd\": [\"a\", 1]", "Bad Request", "cmd[1]: must be a string")]
    [InlineData("\"cmd\": [\"\\u0000\"]", "invalid_request", "cmd[0]: ")]
    [InlineData("\"tags\": {\"é\": \"1\"}", "Bad Request", "tags.é: ")]
    [InlineData("\"tags\": {\"\": \"1\"}", "Bad Request", "tags.: ")]
    [InlineData("\"tags\": {\"a\": \"{\"}", "Bad Request", "tags.a: ")]
    [InlineData("\"hypervisor\": \"xen\"", "Bad Request", "hypervisor: must be one of")]
    [InlineData("\"skip_guest_agent\": \"yes\"", "Bad Request", "skip_guest_agent: must be true or false")]
    [InlineData("\"colour\": \"red\"", "Bad Request", "colour: is not a known field")]
    public async Task Bad_input_is_refused_with_the_field(string field, string code, string message)
    {
        var body = $$"""{"name": "{{NewName()}}", "image": "web", {{field}}}""";
        AssertError(await PostAsync("/instances", body, HttpStatusCode.BadRequest), code, message);
    }

    [Theory]
    [InlineData("")]
    [InlineData("-a")]
    [InlineData("a-")]
    [InlineData("A")]
    [InlineData("a_b")]
    [InlineData("a\\n")]
    [InlineData("aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa")]
    public async Task Bad_names_are_refused(string name) => AssertError(
        await PostAsync("/instances", $$"""{"name": "{{name}}", "image": "web"}""", HttpStatusCode.BadRequest),
        "Bad Request", "name: must be 1 to 63");

    [Fact]
    public async Task Everything_that_is_wrong_is_told_at_once()
    {
        var error = await PostAsync(
            "/instances", """{"image": 5, "vcpus": "x", "size": "big", "colour": 1}""", HttpStatusCode.BadRequest);

        var details = error.GetProperty("details").EnumerateArray().Select(detail => detail.GetProperty("message").GetString()!);
        Assert.Equal(
            ["colour", "image", "name", "size", "vcpus"],
            details.Select(message => message.Split(':')[0]).Order(StringComparer.Ordinal));
    }

    [Fact]
    public async Task A_name_that_is_taken_is_refused()
    {
        var name = NewName();
        await CreateAsync(name);
        var error = await PostAsync("/instances", $$"""{"name": "{{name}}", "image": "web"}""", HttpStatusCode.BadRequest);
        AssertError(error, "name_conflict", name);
    }

    [Fact]
    public async Task An_unknown_image_is_refused()
    {
        var body = $$"""{"name": "{{NewName()}}", "image": "unknown"}""";
        AssertError(await PostAsync("/instances", body, HttpStatusCode.NotFound), "not_found", "unknown");
    }

    [Fact]
    public async Task A_bad_image_reference_is_refused()
    {
        var body = $$"""{"name": "{{NewName()}}", "image": "Not Good"}""";
        AssertError(await PostAsync("/instances", body, HttpStatusCode.BadRequest), "invalid_name", "Not Good");
    }

    [Fact]
    public async Task A_create_that_fails_tells_why_and_leaves_nothing()
    {
        var name = NewName();
        Api.Node.Faults.FailOnce(NodeStep.StartBegins, NodeErrorKind.NotSupported);
        var body = $$"""{"name": "{{name}}", "image": "web"}""";
        AssertError(await PostAsync("/instances", body, HttpStatusCode.NotImplemented), "not_supported", "StartBegins");

        await GetAsync($"/instances/{name}", HttpStatusCode.NotFound);
        await CreateAsync(name);
    }
}

using Hypeman.Silo.Configuration;

namespace Hypeman.Tests.Silo.Configuration;

public sealed class SettingsReaderTests : IDisposable
{
    private readonly string _directory = Directory.CreateTempSubdirectory("hypeman-settings-").FullName;

    public void Dispose() => Directory.Delete(_directory, recursive: true);

    [Fact]
    public void Every_default_can_be_read()
    {
        var read = Read();

        Assert.Empty(read.Errors);
        Assert.Equal((8080, "127.0.0.1", 80, SiloRoles.All), (read.Options.ApiPort, read.Options.ApiAddress, read.Options.IngressPort, read.Options.Roles));
    }

    [Fact]
    public void A_flag_beats_the_environment_which_beats_the_file()
    {
        var file = File("port: 1\ningress:\n  port: 2\nnetwork:\n  dns_server: [9.9.9.9, 8.8.8.8]\n");
        var read = Read(
            flags: new() { ["--api-port"] = "10" },
            environment: new() { ["PORT"] = "11", ["INGRESS__PORT"] = "12", ["JWT_SECRET"] = "s3cret" },
            file);

        Assert.Empty(read.Errors);
        Assert.Equal((10, 12, "s3cret"), (read.Options.ApiPort, read.Options.IngressPort, read.Options.JwtSecret));
        Assert.Equal(["9.9.9.9", "8.8.8.8"], read.Options.DnsServers);
    }

    [Fact]
    public void All_errors_are_told_at_once_with_where_they_were_written()
    {
        var file = File("logging:\n  level: loud\n");
        var read = Read(
            flags: new() { ["--api-port"] = "70000", ["--roles"] = "node,king" },
            environment: new() { ["LIMITS__MAX_VCPUS_PER_INSTANCE"] = "-1" },
            file);

        Assert.Equal(4, read.Errors.Count);
        Assert.Contains("--api-port: '70000' is not a port; use 1 to 65535, or 0 for a free one", read.Errors);
        Assert.Contains("--roles: 'king' is not a role; there are control, node, gateway, ingress", read.Errors);
        Assert.Contains("LIMITS__MAX_VCPUS_PER_INSTANCE: '-1' is not a whole number above 0", read.Errors);
        Assert.Contains($"logging.level in {file}: 'loud' is not a level; there are trace, debug, info, warning, error", read.Errors);
    }

    [Fact]
    public void Secrets_are_not_in_the_summary()
    {
        var read = Read(environment: new() { ["JWT_SECRET"] = "s3cret", ["DATABASE"] = "postgres://ann:s3cret@db/fleet" });

        Assert.DoesNotContain("s3cret", read.Summary, StringComparison.Ordinal);
        Assert.Contains("jwt_secret=(set)", read.Summary, StringComparison.Ordinal);
    }

    [Fact]
    public void A_setting_of_the_file_that_nobody_knows_is_passed_over_and_said() =>
        Assert.Contains("caddy.admin_port is not known here", Assert.Single(Read(file: File("caddy:\n  admin_port: 1\n")).Warnings), StringComparison.Ordinal);

    [Theory]
    [InlineData("- just\n- a list\n", "it must hold settings")]
    [InlineData("port: [1\n", "line")]
    public void A_file_that_is_no_configuration_is_an_error(string text, string reason) =>
        Assert.Contains(reason, Assert.Single(Read(file: File(text)).Errors), StringComparison.Ordinal);

    [Fact]
    public void A_file_that_was_named_must_be_there() =>
        Assert.Contains("cannot be read", Assert.Single(Read(file: Path.Combine(_directory, "none.yaml")).Errors), StringComparison.Ordinal);

    [Fact]
    public void A_process_that_does_a_part_needs_a_database_to_share()
    {
        Assert.Contains("--database", Assert.Single(Read(flags: new() { ["--roles"] = "gateway" }).Errors), StringComparison.Ordinal);
        Assert.Empty(Read(flags: new() { ["--roles"] = "gateway", ["--database"] = "postgres://db/fleet" }).Errors);
        Assert.Contains("not valid", Assert.Single(Read(flags: new() { ["--database"] = "nonsense" }).Errors), StringComparison.Ordinal);
    }

    [Fact]
    public void A_process_that_other_hosts_can_reach_needs_an_identity()
    {
        var flags = new Dictionary<string, string> { ["--database"] = "postgres://db/fleet", ["--cluster-address"] = "10.0.0.5" };

        var refused = Assert.Single(Read(flags: flags).Errors);

        Assert.Contains("hypeman-silo cluster issue --ca DIR --name NAME --out DIR2", refused, StringComparison.Ordinal);
        Assert.Empty(Read(flags: new(flags) { ["--cluster-identity"] = "/etc/hypeman/identity" }).Errors);
        Assert.Empty(Read(flags: new(flags) { ["--cluster-address"] = "127.0.0.2" }).Errors);
        Assert.Empty(Read(flags: new() { ["--cluster-address"] = "10.0.0.5" }).Errors);
    }

    [Fact]
    public void Keys_flags_and_names_of_the_environment_are_used_once()
    {
        Assert.Equal(Settings.All.Count, Settings.All.Select(s => s.EnvironmentName).Distinct().Count());
        var flags = Settings.All.Select(s => s.Flag).OfType<string>().ToList();
        Assert.Equal(flags.Count, flags.Distinct().Count());
    }

    [Theory]
    [InlineData("30m", 1800)]
    [InlineData("24h", 86400)]
    [InlineData("7d", 604800)]
    [InlineData("5s", 5)]
    public void Durations_are_a_number_and_a_unit(string text, int seconds) =>
        Assert.Equal(TimeSpan.FromSeconds(seconds), SettingText.Duration(text));

    [Theory]
    [InlineData("")]
    [InlineData("h")]
    [InlineData("0h")]
    [InlineData("-1h")]
    [InlineData("1.5h")]
    [InlineData("24")]
    [InlineData("99999999999h")]
    public void What_is_no_duration_is_refused(string text) => Assert.Throws<FormatException>(() => SettingText.Duration(text));

    private string File(string text)
    {
        var path = Path.Combine(_directory, $"{Guid.NewGuid():n}.yaml");
        System.IO.File.WriteAllText(path, text);
        return path;
    }

    private static SettingsResult Read(
        Dictionary<string, string>? flags = null, Dictionary<string, string>? environment = null, string? file = null) =>
        new SettingsReader(flags ?? [], name => environment?.GetValueOrDefault(name), file is null ? [] : [file]).Read();

    [Fact]
    public void Labels_are_pairs() => Assert.Equal(
        new Dictionary<string, string> { ["zone"] = "a", ["disk"] = "ssd=fast" }, SettingText.Pairs("zone=a, disk=ssd=fast"));

    [Theory]
    [InlineData("zone")]
    [InlineData("=a")]
    [InlineData("zone=a,zone=b")]
    public void What_is_no_label_is_refused(string text) => Assert.Throws<FormatException>(() => SettingText.Pairs(text));
}

using Hypeman.Contracts.Errors;
using Hypeman.Grains.Instances;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances;

public sealed class GuestProgramsTests
{
    // Image entrypoint and command, request entrypoint and command ("-": not given), what runs.
    [Theory]
    [InlineData("e", "c", "-", "-", "e c")]
    [InlineData("e", "c", "-", "C", "e C")]
    [InlineData("e", "c", "E", "-", "E")]
    [InlineData("e", "c", "E", "C", "E C")]
    [InlineData("-", "c", "-", "-", "c")]
    [InlineData("-", "c x", "-", "-", "c x")]
    [InlineData("-", "-", "-", "C", "C")]
    [InlineData("e", "c", "", "C", "C")]
    [InlineData("e", "c", "-", "", "e")]
    public void Entrypoint_and_command_join_as_docker_joins_them(
        string imageEntrypoint, string imageCmd, string entrypoint, string cmd, string expected)
    {
        var image = Some.Image() with { Entrypoint = Words(imageEntrypoint), Cmd = Words(imageCmd) };
        var spec = Some.Spec() with { Entrypoint = Words(entrypoint), Cmd = Words(cmd) };

        Assert.Equal(expected, string.Join(' ', GuestPrograms.Resolve(spec, image).Arguments));
    }

    [Fact]
    public void With_nothing_to_run_the_request_is_refused()
    {
        var image = Some.Image() with { Entrypoint = null, Cmd = null };

        var error = Assert.Throws<HypemanException>(() => GuestPrograms.Resolve(Some.Spec(), image));

        Assert.Equal("invalid_request", error.Code);
        Assert.Contains("entrypoint or cmd", error.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void The_requests_environment_wins()
    {
        var image = Some.Image() with { Env = new Dictionary<string, string> { ["PATH"] = "/bin", ["A"] = "image" } };
        var spec = Some.Spec() with { Env = new Dictionary<string, string> { ["A"] = "request", ["B"] = "" } };

        Assert.Equal(
            new Dictionary<string, string> { ["PATH"] = "/bin", ["A"] = "request", ["B"] = "" },
            GuestPrograms.Resolve(spec, image).Env);
    }

    [Theory]
    [InlineData("/sbin/init", true)]
    [InlineData("/lib/systemd/systemd", true)]
    [InlineData("/usr/lib/systemd/systemd", true)]
    [InlineData("/bin/sh", false)]
    [InlineData("init", false)]
    public void An_init_system_is_run_as_one(string program, bool isInit)
    {
        var image = Some.Image() with { Entrypoint = null, Cmd = [program, "--flag"] };

        Assert.Equal(isInit, GuestPrograms.Resolve(Some.Spec(), image).IsInit);
    }

    private static string[]? Words(string text) =>
        text == "-" ? null : text.Split(' ', StringSplitOptions.RemoveEmptyEntries);
}

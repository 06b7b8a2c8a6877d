using System.CommandLine;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Commands;
using Microsoft.IdentityModel.JsonWebTokens;

namespace Hypeman.Tests.Silo.Commands;

public sealed class SiloCommandTests : IDisposable
{
    private readonly string _data = Path.Combine(Path.GetTempPath(), $"hypeman-command-{Guid.NewGuid():n}");

    public void Dispose()
    {
        if (Directory.Exists(_data))
            Directory.Delete(_data, recursive: true);
    }

    [Fact]
    public async Task Help_names_every_flag_with_its_default()
    {
        var (code, output, _) = await RunAsync("--help");

        Assert.Equal(0, code);
        foreach (var text in new[] { "--data", "--api-port", "[default: 8080]", "--kernel-dir", "token", "down", "INGRESS__PORT" })
            Assert.Contains(text, output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Wrong_settings_are_told_in_a_line_each()
    {
        var (code, _, errors) = await RunAsync("--data", _data, "--api-port", "none", "--roles", "king");

        Assert.Equal(2, code);
        Assert.Equal(
            [
                "error: --roles: 'king' is not a role; there are control, node, gateway, ingress",
                "error: --api-port: 'none' is not a port; use 1 to 65535, or 0 for a free one",
            ],
            errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task An_unknown_flag_is_an_error()
    {
        var (code, _, errors) = await RunAsync("--colour", "blue");

        Assert.Equal(2, code);
        Assert.StartsWith("error: Unrecognized command or argument '--colour'. (hypeman-silo --help", errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_data_directory_in_use_is_told_without_a_stack()
    {
        using var claimed = new DataLayout(_data).Claim();

        var (code, _, errors) = await RunAsync(
            "--data", _data, "--api-port", "0", "--ingress-port", "0", "--metrics-port", "0", "--ingress-address", "127.0.0.1");

        Assert.Equal(1, code);
        Assert.StartsWith($"error: The data directory {_data} is in use by process {Environment.ProcessId}.", errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
    }

    [Fact]
    public async Task A_token_can_be_had_without_a_server()
    {
        var (code, output, errors) = await RunAsync("token", "--data", _data, "--user", "ann", "--scopes", "instance:read", "--expires", "1h");

        Assert.Equal((0, ""), (code, errors));
        var token = new JsonWebToken(output.Trim());
        Assert.Equal("ann", token.Subject);
        Assert.Equal(TimeSpan.FromHours(1), token.ValidTo - token.IssuedAt);
        Assert.Equal("instance:read", token.GetPayloadValue<string[]>("permissions").Single());
    }

    [Fact]
    public async Task The_data_directory_may_be_named_before_the_command()
    {
        var (code, _, _) = await RunAsync("--data", _data, "token");

        Assert.Equal(0, code);
        Assert.True(Directory.Exists(_data));
    }

    [Theory]
    [InlineData("--scopes", "instance:fly", "Unknown scope instance:fly")]
    [InlineData("--expires", "never", "'never' is not a duration; write for example 30m, 24h or 7d")]
    [InlineData("--user", "builder-1", "cannot be a user id")]
    public async Task A_token_that_cannot_be_made_is_told(string flag, string value, string reason)
    {
        var (code, output, errors) = await RunAsync("token", "--data", _data, flag, value);

        Assert.Equal((1, ""), (code, output));
        Assert.Contains(reason, errors, StringComparison.Ordinal);
    }

    private static async Task<(int Code, string Output, string Errors)> RunAsync(params string[] arguments)
    {
        using var output = new StringWriter();
        using var errors = new StringWriter();
        var configuration = new InvocationConfiguration { Output = output, Error = errors };
        var code = await SiloCommand.RunAsync(arguments, configuration, TestContext.Current.CancellationToken);
        return (code, output.ToString(), errors.ToString());
    }
}

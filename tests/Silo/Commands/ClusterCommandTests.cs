using System.CommandLine;
using Hypeman.Silo.Cluster;
using Hypeman.Silo.Commands;
using Hypeman.Silo.Configuration;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.Silo.Commands;

public sealed class ClusterCommandTests : IDisposable
{
    private readonly TemporaryFolder _folder = new();

    private string Authority => _folder.PathOf("ca");

    private string Member => _folder.PathOf("member");

    public void Dispose() => _folder.Dispose();

    [Fact]
    public async Task Two_commands_make_an_identity_that_can_be_used()
    {
        Assert.Equal(0, (await RunAsync("cluster", "init", "--out", Authority)).Code);
        var (code, output, _) = await RunAsync(
            "cluster", "issue", "--ca", Authority, "--name", "host-a", "--address", "10.0.0.5", "--address", "a.test", "--out", Member);

        Assert.Equal(0, code);
        Assert.Contains($"--cluster-identity {Member}", output, StringComparison.Ordinal);
        var made = ClusterIdentity.Load(Member, TimeProvider.System);
        Assert.Equal("CN=host-a", made.Certificate.Subject);
        Assert.True(made.Certificate.MatchesHostname("10.0.0.5"));
        Assert.True(made.Certificate.MatchesHostname("a.test"));
    }

    [Fact]
    public async Task Tokens_are_signed_with_the_key_of_the_identity()
    {
        await RunAsync("cluster", "init", "--out", Authority);
        await RunAsync("cluster", "issue", "--ca", Authority, "--name", "a", "--out", Member);

        var (code, _, _) = await RunAsync("token", "--data", _folder.PathOf("data"), "--cluster-identity", Member);

        Assert.Equal(0, code);
        Assert.False(File.Exists(Path.Combine(_folder.PathOf("data"), JwtSecret.FileName)));
        Assert.Equal(
            File.ReadAllText(Path.Combine(Authority, ClusterFiles.JwtSecret)).Trim(),
            JwtSecret.Ensure(new HypemanOptions { ClusterIdentity = Member }));
    }

    [Fact]
    public async Task What_cannot_be_done_is_told_in_a_line()
    {
        var (code, _, errors) = await RunAsync("cluster", "issue", "--ca", Authority, "--name", "a", "--out", Member);

        Assert.Equal(1, code);
        Assert.StartsWith($"error: {Authority}/ca.crt cannot be read", errors, StringComparison.Ordinal);
        Assert.Single(errors.Split('\n', StringSplitOptions.RemoveEmptyEntries));
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

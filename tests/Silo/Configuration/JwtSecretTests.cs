using Hypeman.Silo;
using Hypeman.Silo.Configuration;

namespace Hypeman.Tests.Silo.Configuration;

public sealed class JwtSecretTests : IDisposable
{
    private readonly string _directory = Path.Combine(Path.GetTempPath(), $"hypeman-secret-{Guid.NewGuid():n}");

    public void Dispose()
    {
        if (Directory.Exists(_directory))
            Directory.Delete(_directory, recursive: true);
    }

    [Fact]
    public void It_is_made_once_for_its_owner_alone()
    {
        var secrets = new string[8];
        Parallel.For(0, secrets.Length, i => secrets[i] = JwtSecret.Ensure(Options()));

        Assert.Single(secrets.Distinct());
        Assert.True(secrets[0].Length >= 32);
        var file = Assert.Single(Directory.GetFiles(_directory));
        Assert.Equal(UnixFileMode.UserRead | UnixFileMode.UserWrite, File.GetUnixFileMode(file));
    }

    [Fact]
    public void A_configured_key_is_used_and_nothing_is_written()
    {
        Assert.Equal("mine", JwtSecret.Ensure(Options("mine")));
        Assert.False(Directory.Exists(_directory));
    }

    [Fact]
    public void An_empty_file_is_refused_rather_than_an_empty_key_used()
    {
        Directory.CreateDirectory(_directory);
        File.WriteAllText(Path.Combine(_directory, JwtSecret.FileName), "\n");

        Assert.Contains("is empty", Assert.Throws<StartupException>(() => JwtSecret.Ensure(Options())).Message, StringComparison.Ordinal);
    }

    private HypemanOptions Options(string secret = "") => new() { DataDirectory = _directory, JwtSecret = secret };
}

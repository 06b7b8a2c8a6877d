using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Images;

namespace Hypeman.Cli.Images;

/// <summary>A login at a registry.</summary>
internal sealed class LoginOptions
{
    public Option<string?> Username { get; } = new("--username", "-u") { Description = "User at the registry; needs --password-stdin" };

    public Option<bool> PasswordStdin { get; } = new("--password-stdin") { Description = "Read the password from standard input" };

    /// <summary>Null when none is given: the fleet has logins of its own.</summary>
    /// <exception cref="CliException">Only one half is given, or the password would be seen.</exception>
    public async Task<RegistryLogin?> ReadAsync(Run run, CancellationToken cancellationToken)
    {
        var (username, hasPassword) = (run.Value(Username), run.Value(PasswordStdin));
        if (username is null && !hasPassword)
            return null;
        if (string.IsNullOrEmpty(username) || !hasPassword)
            throw new CliException(
                "A login needs both a user and a password.", "Give --username NAME and --password-stdin, and the password on standard input.",
                ExitCode.Usage);
        return new RegistryLogin(username, await SecretInput.ReadAsync(run, "password", "--password-stdin", cancellationToken));
    }
}

using System.CommandLine;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Images;

namespace Hypeman.Cli.Images;

/// <summary>A login at a registry. The password is no argument, since arguments are seen by everybody on the machine.</summary>
internal sealed class LoginOptions
{
    private const int MaxPasswordLength = 64 << 10;

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
        if (run.Host.InIsTerminal)
            throw new CliException(
                "The password would be seen on the terminal.", "Send it through a pipe or from a file: --password-stdin < FILE",
                ExitCode.Usage);
        return new RegistryLogin(username, await ReadPasswordAsync(run, cancellationToken));
    }

    /// <summary>All of the input but the end of its line.</summary>
    private static async Task<string> ReadPasswordAsync(Run run, CancellationToken cancellationToken)
    {
        using var input = new StreamReader(run.Host.OpenIn());
        var buffer = new char[MaxPasswordLength + 1];
        var length = await input.ReadBlockAsync(buffer, cancellationToken);
        var password = new string(buffer, 0, length).TrimEnd('\r', '\n');
        return password.Length > 0 && length <= MaxPasswordLength
            ? password
            : throw new CliException("Standard input holds no password.", "For example: --password-stdin < FILE", ExitCode.Usage);
    }
}

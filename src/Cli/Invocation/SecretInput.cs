namespace Hypeman.Cli.Invocation;

/// <summary>A secret from standard input: it is no argument, since arguments are seen by everybody on the machine.</summary>
internal static class SecretInput
{
    private const int MaxLength = 64 << 10;

    /// <summary>All of the input but the end of its line.</summary>
    /// <param name="run">Whose input it is.</param>
    /// <param name="what">Such as <c>password</c>.</param>
    /// <param name="option">That asks for it.</param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <exception cref="CliException">There is none, or it would be seen.</exception>
    public static async Task<string> ReadAsync(Run run, string what, string option, CancellationToken cancellationToken)
    {
        if (run.Host.InIsTerminal)
            throw new CliException(
                $"The {what} would be seen on the terminal.", $"Send it through a pipe or from a file: {option} < FILE", ExitCode.Usage);
        using var input = new StreamReader(run.Host.OpenIn());
        var buffer = new char[MaxLength + 1];
        var length = await input.ReadBlockAsync(buffer, cancellationToken);
        var secret = new string(buffer, 0, length).TrimEnd('\r', '\n');
        return secret.Length > 0 && length <= MaxLength
            ? secret
            : throw new CliException($"Standard input holds no {what}.", $"For example: {option} < FILE", ExitCode.Usage);
    }
}

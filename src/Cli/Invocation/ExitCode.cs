namespace Hypeman.Cli.Invocation;

/// <summary>What the shell sees. Scripts rely on these: they are documented in the help and never change meaning.</summary>
internal static class ExitCode
{
    public const int Done = 0;
    public const int Failed = 1;
    public const int Usage = 2;
    public const int Unreachable = 3;
    public const int NotFound = 4;
    public const int NotAllowed = 5;

    /// <summary>As <c>timeout(1)</c> has it.</summary>
    public const int TimedOut = 124;

    /// <summary>128 + SIGINT.</summary>
    public const int Interrupted = 130;
}

namespace Hypeman.NodeRuntime.Linux;

/// <summary>A tool that ran and failed.</summary>
public sealed class CommandException(string tool, IReadOnlyList<string> arguments, int exitCode, string errors)
    : Exception($"{tool} {string.Join(' ', arguments)} ended with {exitCode}: {errors.Trim()}")
{
    public string Tool { get; } = tool;
    public int ExitCode { get; } = exitCode;

    /// <summary>What it wrote to standard error.</summary>
    public string Errors { get; } = errors;
}

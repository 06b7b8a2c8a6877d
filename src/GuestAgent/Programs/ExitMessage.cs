namespace Hypeman.GuestAgent.Programs;

/// <summary>What the API says about an exit code.</summary>
internal static class ExitMessage
{
    public static string For(int code, bool oom) => code switch
    {
        0 => "success",
        126 => "permission denied (command not executable)",
        127 => "command not found",
        > 128 => $"killed by signal {code - 128} ({Signals.Text(code - 128)}){(oom ? " - OOM" : "")}",
        _ => $"exit code {code}",
    };

    /// <summary>Only a kill can have been by the kernel for want of memory.</summary>
    public static bool MayBeOom(int code) => code == 137;

    /// <summary>Whether a line of the kernel's log tells of such a kill.</summary>
    public static bool IsOomKill(string kernelLine) =>
        kernelLine.Contains("Killed process", StringComparison.Ordinal) ||
        kernelLine.Contains("oom-kill:", StringComparison.Ordinal);
}

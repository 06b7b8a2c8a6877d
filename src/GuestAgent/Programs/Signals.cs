using System.Globalization;
using Hypeman.GuestAgent.Linux;

namespace Hypeman.GuestAgent.Programs;

/// <summary>Signals by name, and what is said of those that end a program.</summary>
internal static class Signals
{
    private static readonly string[] Names =
    [
        "HUP", "INT", "QUIT", "ILL", "TRAP", "ABRT", "BUS", "FPE", "KILL", "USR1", "SEGV", "USR2", "PIPE", "ALRM", "TERM",
        "STKFLT", "CHLD", "CONT", "STOP", "TSTP", "TTIN", "TTOU", "URG", "XCPU", "XFSZ", "VTALRM", "PROF", "WINCH", "IO",
        "PWR", "SYS",
    ];

    /// <summary>As Go words them: clients know these.</summary>
    private static readonly string[] Texts =
    [
        "hangup", "interrupt", "quit", "illegal instruction", "trace/breakpoint trap", "aborted", "bus error",
        "floating point exception", "killed", "user defined signal 1", "segmentation fault", "user defined signal 2",
        "broken pipe", "alarm clock", "terminated", "stack fault", "child exited", "continued", "stopped (signal)", "stopped",
        "stopped (tty input)", "stopped (tty output)", "urgent I/O condition", "CPU time limit exceeded",
        "file size limit exceeded", "virtual timer expired", "profiling timer expired", "window changed", "I/O possible",
        "power failure", "bad system call",
    ];

    /// <summary><c>SIGTERM</c>, <c>term</c>, <c>15</c>, <c>SIGRTMIN+3</c>; what is none of these is SIGTERM.</summary>
    public static int Parse(string? name)
    {
        const string realTime = "RTMIN+";
        var text = (name ?? "").Trim().ToUpperInvariant();
        text = text.StartsWith("SIG", StringComparison.Ordinal) ? text[3..] : text;
        var real = text.StartsWith(realTime, StringComparison.Ordinal);
        if (int.TryParse(real ? text[realTime.Length..] : text, NumberStyles.None, CultureInfo.InvariantCulture, out var number))
            number += real ? SignalNumbers.RealTimeMin : 0;
        else
            number = Array.IndexOf(Names, text) + 1;
        return number is > 0 and <= SignalNumbers.Max ? number : SignalNumbers.Terminate;
    }

    public static string Text(int signal) =>
        signal > 0 && signal <= Texts.Length ? Texts[signal - 1] : $"signal {signal}";
}

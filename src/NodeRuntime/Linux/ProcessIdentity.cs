using System.Globalization;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// A process over the life of this machine's boot: the kernel gives pids out again, but never a pid with the same
/// start time (in clock ticks since boot).
/// </summary>
public readonly record struct ProcessIdentity(int Pid, long StartTime)
{
    /// <summary>The identity of the process that has this pid now; null when none has, or it is dead and not yet reaped.</summary>
    public static ProcessIdentity? Of(int pid)
    {
        try
        {
            return Parse(File.ReadAllText($"/proc/{pid}/stat")) is (var startTime, false)
                ? new ProcessIdentity(pid, startTime)
                : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Whether this very process still runs.</summary>
    public bool IsAlive => Of(Pid) == this;

    /// <summary>Reads a line of /proc/PID/stat. The command in it is in brackets and may hold brackets and blanks.</summary>
    internal static (long StartTime, bool IsDead) Parse(string stat)
    {
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return (long.Parse(fields[19], CultureInfo.InvariantCulture), fields[0] is "Z" or "X");
    }
}

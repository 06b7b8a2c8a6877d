using System.Globalization;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>What a process has taken of this machine.</summary>
/// <param name="CpuTime">In the kernel and outside of it, since its start, without its children.</param>
/// <param name="ResidentBytes">Of memory that it has now, with what it shares.</param>
/// <param name="VirtualBytes">Of addresses that it has reserved.</param>
public readonly record struct ProcessUsage(TimeSpan CpuTime, long ResidentBytes, long VirtualBytes)
{
    /// <summary>The kernel counts in hundredths of a second for programs, whatever it counts in itself.</summary>
    private static readonly TimeSpan Tick = TimeSpan.FromMilliseconds(10);

    /// <summary>Of this very process; null when it has ended.</summary>
    public static ProcessUsage? Of(ProcessIdentity process)
    {
        try
        {
            var stat = File.ReadAllText($"/proc/{process.Pid}/stat");
            // One read, so that the numbers are those of the process that was meant.
            return ProcessIdentity.Parse(stat) == (process.StartTime, false) ? Parse(stat) : null;
        }
        catch (IOException)
        {
            return null;
        }
    }

    /// <summary>Reads a line of /proc/PID/stat.</summary>
    internal static ProcessUsage Parse(string stat)
    {
        const int userTicks = 11, systemTicks = 12, virtualBytes = 20, residentPages = 21;
        var fields = stat[(stat.LastIndexOf(')') + 2)..].Split(' ');
        return new ProcessUsage(
            Tick * (Number(userTicks) + Number(systemTicks)), Number(residentPages) * Environment.SystemPageSize, Number(virtualBytes));

        long Number(int field) => long.Parse(fields[field], CultureInfo.InvariantCulture);
    }
}

using System.Globalization;

namespace Hypeman.Bench.Fleet;

/// <summary>What processes have used, by the kernel's account of them.</summary>
internal static class ProcessFigures
{
    private const double TicksPerSecond = 100;

    /// <summary>Seconds of processor time; of processes that ended, too, where <paramref name="withChildren"/> says so.</summary>
    public static double CpuSeconds(int pid, bool withChildren = false)
    {
        // The name, in brackets, may hold blanks.
        var fields = File.ReadAllText($"/proc/{pid}/stat").Split(") ")[^1].Split(' ');
        var ticks = fields[11..(withChildren ? 15 : 13)].Sum(field => double.Parse(field, CultureInfo.InvariantCulture));
        return ticks / TicksPerSecond;
    }

    /// <summary>Of a process and all that it has started, those that have ended included.</summary>
    public static double CpuSecondsOfFamily(int pid)
    {
        var sum = CpuSeconds(pid, withChildren: true);
        foreach (var child in File.ReadAllText($"/proc/{pid}/task/{pid}/children").Split(' ', StringSplitOptions.RemoveEmptyEntries))
            try
            {
                sum += CpuSeconds(int.Parse(child, CultureInfo.InvariantCulture), withChildren: true);
            }
            catch (IOException)
            {
                // It ended just now, and is counted by the next look.
            }
        return sum;
    }

    public static long ResidentBytes(int pid) =>
        long.Parse(File.ReadAllText($"/proc/{pid}/statm").Split(' ')[1], CultureInfo.InvariantCulture) * Environment.SystemPageSize;

    public static int Parent(int pid) => int.Parse(
        File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("PPid:", StringComparison.Ordinal))[5..], CultureInfo.InvariantCulture);
}

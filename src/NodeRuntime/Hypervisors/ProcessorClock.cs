using System.Globalization;

namespace Hypeman.NodeRuntime.Hypervisors;

/// <summary>The clock rate of this host's processors.</summary>
internal static class ProcessorClock
{
    internal static long ReadKhz() => Parse(File.ReadLines("/proc/cpuinfo")) ?? 1_000_000;

    /// <summary>Null where the kernel does not say it (arm64).</summary>
    internal static long? Parse(IEnumerable<string> cpuinfo)
    {
        var line = cpuinfo.FirstOrDefault(candidate => candidate.StartsWith("cpu MHz", StringComparison.Ordinal));
        return line is null ? null : (long)(double.Parse(line.Split(':')[1], CultureInfo.InvariantCulture) * 1000);
    }
}

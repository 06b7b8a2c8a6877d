using System.Globalization;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>What is written into the folder of a control group.</summary>
internal static class CgroupFiles
{
    private const int PeriodMicroseconds = 100_000;

    /// <summary>Files and what to write into them. Those of controllers that are not there are absent.</summary>
    internal static IReadOnlyList<(string File, string Value)> Limits(bool isUnified, CgroupLimits limits)
    {
        var memory = limits.MemoryBytes > 0 ? limits.MemoryBytes.ToString(CultureInfo.InvariantCulture) : null;
        var quota = limits.Cpus > 0
            ? ((long)(limits.Cpus * PeriodMicroseconds)).ToString(CultureInfo.InvariantCulture)
            : null;
        return isUnified
            ? [("memory.max", memory ?? "max"), ("cpu.max", $"{quota ?? "max"} {PeriodMicroseconds}")]
            : [("memory.limit_in_bytes", memory ?? "-1"), ("cpu.cfs_quota_us", quota ?? "-1")];
    }

    /// <summary>For trees without cgroup.kill. A VM's process starts no others, so once over the list is enough.</summary>
    internal static void KillEach(string folder)
    {
        foreach (var line in File.ReadAllLines($"{folder}/cgroup.procs"))
        {
            if (ProcessIdentity.Of(int.Parse(line, CultureInfo.InvariantCulture)) is not { } identity)
                continue;
            using var process = ProcessHandle.Open(identity);
            process?.Kill(ProcessSignal.Kill);
        }
    }

    internal static bool TryRemove(string folder)
    {
        try
        {
            // Not recursive: the files in it go with it, and cannot be removed.
            Directory.Delete(folder, recursive: false);
            return true;
        }
        catch (DirectoryNotFoundException)
        {
            return true;
        }
        catch (IOException)
        {
            return false;
        }
    }
}

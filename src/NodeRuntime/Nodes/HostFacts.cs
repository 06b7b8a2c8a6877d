using System.Globalization;
using System.Runtime.InteropServices;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>What this machine has.</summary>
public sealed record HostFacts(string Hostname, string Platform, int Cpus, long MemoryBytes, long DiskBytes)
{
    /// <param name="dataDirectory">Lies on the disk that counts.</param>
    public static HostFacts Read(string dataDirectory) => new(
        Environment.MachineName,
        PlatformOf(RuntimeInformation.OSArchitecture),
        Environment.ProcessorCount,
        ReadMemory(File.ReadLines("/proc/meminfo")),
        new DriveInfo(dataDirectory).TotalSize);

    internal static string PlatformOf(Architecture architecture) => architecture switch
    {
        Architecture.X64 => "linux/amd64",
        Architecture.Arm64 => "linux/arm64",
        _ => throw new PlatformNotSupportedException($"{architecture} hosts are not supported; x64 and arm64 are."),
    };

    internal static long ReadMemory(IEnumerable<string> meminfo)
    {
        var total = meminfo.First(line => line.StartsWith("MemTotal:", StringComparison.Ordinal));
        return long.Parse(total.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024;
    }
}

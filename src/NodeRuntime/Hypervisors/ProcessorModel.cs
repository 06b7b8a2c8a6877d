using System.Security.Cryptography;
using System.Text;

namespace Hypeman.NodeRuntime.Hypervisors;

/// <summary>The kind of this host's processors, as guests that run on them see it.</summary>
internal static class ProcessorModel
{
    internal static string Read() => Describe(File.ReadLines("/proc/cpuinfo"));

    /// <summary>The model's name, and a digest of what it can do: two of a name may differ by microcode or by settings.</summary>
    internal static string Describe(IEnumerable<string> cpuinfo)
    {
        var first = cpuinfo.TakeWhile(line => line.Length > 0).ToList();
        var flags = Encoding.ASCII.GetBytes(Value("flags") ?? Value("Features") ?? "");
        return $"{Value("model name") ?? "unknown"} ({Convert.ToHexStringLower(SHA256.HashData(flags))[..8]})";

        string? Value(string name) =>
            first.Find(line => line.Split(':')[0].Trim() == name)?.Split(':', 2)[1].Trim();
    }
}

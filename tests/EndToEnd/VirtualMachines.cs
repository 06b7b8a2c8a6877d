namespace Hypeman.Tests.EndToEnd;

/// <summary>The hypervisor processes of a fleet, as the host sees them.</summary>
internal static class VirtualMachines
{
    public static IReadOnlyList<int> All(Fleet fleet) => Find(line => line.Contains(fleet.DataDir, StringComparison.Ordinal));

    public static IReadOnlyList<int> Of(Fleet fleet, string id) =>
        Find(line => line.Contains(fleet.DataDir, StringComparison.Ordinal) && line.Contains(id, StringComparison.Ordinal));

    private static List<int> Find(Func<string, bool> isIt) =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), out var pid) ? pid : 0)
            .Where(pid => pid != 0 && CommandLine(pid) is { } line && line.StartsWith("qemu-system", StringComparison.Ordinal) && isIt(line))
            .ToList();

    private static string? CommandLine(int pid)
    {
        try
        {
            var line = File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
            return Path.GetFileName(line.Split(' ')[0]) + line[line.Split(' ')[0].Length..];
        }
        catch (IOException)
        {
            return null;
        }
    }
}

namespace Hypeman.Tests.Testing.Fleets;

/// <summary>The hypervisor processes of a node, as the host sees them.</summary>
public static class VirtualMachines
{
    /// <summary>Each VMM process carries the folder of its VM in its environment.</summary>
    private const string OwnerVariable = "HYPEMAN_VM=";

    /// <summary>Pids of all VMs of the node that keeps its data in a directory.</summary>
    public static IReadOnlyList<int> All(string dataDirectory) => Find(Path.Combine(dataDirectory, "vms") + "/");

    /// <summary>Pids of one instance's VM there: one, or none when it does not run.</summary>
    public static IReadOnlyList<int> Of(string dataDirectory, string id) => Find(Path.Combine(dataDirectory, "vms", id));

    private static List<int> Find(string folder) =>
        Directory.EnumerateDirectories("/proc")
            .Select(path => int.TryParse(Path.GetFileName(path), out var pid) ? pid : 0)
            .Where(pid => pid != 0 && Environment(pid).Any(pair => pair.StartsWith(OwnerVariable + folder, StringComparison.Ordinal)))
            .ToList();

    private static string[] Environment(int pid)
    {
        try
        {
            return File.ReadAllText($"/proc/{pid}/environ").Split('\0');
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return [];
        }
    }
}

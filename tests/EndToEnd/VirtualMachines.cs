namespace Hypeman.Tests.EndToEnd;

/// <summary>The hypervisor processes of a fleet, as the host sees them.</summary>
internal static class VirtualMachines
{
    /// <summary>Each VMM process carries the folder of its VM in its environment.</summary>
    private const string OwnerVariable = "HYPEMAN_VM=";

    public static IReadOnlyList<int> All(Fleet fleet) => Find(Path.Combine(fleet.DataDir, "vms") + "/");

    public static IReadOnlyList<int> Of(Fleet fleet, string id) => Find(Path.Combine(fleet.DataDir, "vms", id));

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

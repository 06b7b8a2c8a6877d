namespace Hypeman.Tests.Testing.Fleets;

/// <summary>The hypervisor processes of a node, as the host sees them.</summary>
public static class VirtualMachines
{
    /// <summary>Each VMM process carries the folder of its VM in its environment.</summary>
    private const string OwnerVariable = "HYPEMAN_VM=";

    /// <summary>All VMs of the node that keeps its data in a directory: the instance and the process.</summary>
    public static IReadOnlyList<(string Id, int Pid)> List(string dataDirectory)
    {
        var owner = OwnerVariable + Path.Combine(dataDirectory, "vms") + "/";
        return
        [
            .. from path in Directory.EnumerateDirectories("/proc")
               let pid = int.TryParse(Path.GetFileName(path), out var number) ? number : 0
               where pid != 0
               from pair in Environment(pid)
               where pair.StartsWith(owner, StringComparison.Ordinal)
               select (pair[owner.Length..].Split('/')[0], pid),
        ];
    }

    /// <summary>Pids of all VMs of a node.</summary>
    public static IReadOnlyList<int> All(string dataDirectory) => [.. List(dataDirectory).Select(vm => vm.Pid)];

    /// <summary>Pids of one instance's VM there: one, or none when it does not run.</summary>
    public static IReadOnlyList<int> Of(string dataDirectory, string id) =>
        [.. List(dataDirectory).Where(vm => vm.Id == id).Select(vm => vm.Pid)];

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

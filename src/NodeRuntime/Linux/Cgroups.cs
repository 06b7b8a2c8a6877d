using System.Globalization;

namespace Hypeman.NodeRuntime.Linux;

/// <summary>Zero means no limit.</summary>
/// <param name="MemoryBytes">All of the VM's process: the guest's memory and what the hypervisor needs beside it.</param>
/// <param name="Cpus">Processor time per time, for example 1.5.</param>
public readonly record struct CgroupLimits(long MemoryBytes, double Cpus);

/// <summary>
/// A control group per VM. It takes the VM out of the group of our own service, so that a service manager which ends
/// all of that group spares it, and limits it where this host has the controllers.
/// </summary>
public sealed class Cgroups
{
    private const string Parent = "hypeman";
    private static readonly string[] Wanted = ["memory", "cpu", "pids"];

    private readonly string _node;
    private readonly IReadOnlyList<CgroupHierarchy> _hierarchies;

    private Cgroups(string node, IReadOnlyList<CgroupHierarchy> hierarchies) => (_node, _hierarchies) = (node, hierarchies);

    /// <summary>What this host cannot do, for its operator; empty when all is there.</summary>
    public IReadOnlyList<string> Missing { get; private init; } = [];

    /// <summary>Finds out what this host has. A host without control groups will do.</summary>
    public static Cgroups Detect(string nodeId)
    {
        // Those that hold a controller of ours, those that limit nothing and only say who belongs together, and the unified.
        var all = CgroupHierarchy.Find();
        var used = all.Where(one => one.IsUnified || one.Controllers.Overlaps(Wanted) || one.Controllers.Contains("name=systemd"));
        var usable = used.Where(one => CanWrite(one, nodeId)).ToList();
        return new Cgroups(nodeId, usable) { Missing = [.. MissingFrom(usable, nodeId)] };
    }

    /// <summary>Ids of the VMs that have a group.</summary>
    public IReadOnlyList<string> List() =>
    [
        .. _hierarchies.Select(one => $"{one.Root}/{Parent}/{_node}").Where(Directory.Exists)
            .SelectMany(folder => Directory.EnumerateDirectories(folder)).Select(path => Path.GetFileName(path)!).Distinct(),
    ];

    /// <summary>Makes the group of a VM, or changes its limits.</summary>
    public void Ensure(string vmId, CgroupLimits limits)
    {
        foreach (var hierarchy in _hierarchies)
        {
            var folder = hierarchy.Ensure($"{Parent}/{_node}/{vmId}", Wanted);
            foreach (var (file, value) in CgroupFiles.Limits(hierarchy.IsUnified, limits))
            {
                if (File.Exists($"{folder}/{file}"))
                    File.WriteAllText($"{folder}/{file}", value);
            }
        }
    }

    /// <summary>Moves a process into the group of a VM; its later children follow.</summary>
    public void Add(string vmId, int pid)
    {
        foreach (var folder in FoldersOf(vmId))
            File.WriteAllText($"{folder}/cgroup.procs", pid.ToString(CultureInfo.InvariantCulture));
    }

    /// <summary>Kills every process of the group; they are gone a little later.</summary>
    public void Kill(string vmId)
    {
        foreach (var folder in FoldersOf(vmId))
        {
            if (File.Exists($"{folder}/cgroup.kill"))
                File.WriteAllText($"{folder}/cgroup.kill", "1");
            else
                CgroupFiles.KillEach(folder);
        }
    }

    /// <summary>Removes the group; false while it still holds a process.</summary>
    public bool TryRemove(string vmId) => FoldersOf(vmId).ToList().TrueForAll(CgroupFiles.TryRemove);

    /// <summary>Removes the node's own group, for its teardown; false while a VM's group is left in it.</summary>
    public bool TryRemoveAll()
    {
        var removed = _hierarchies.Select(one => $"{one.Root}/{Parent}/{_node}").ToList().TrueForAll(CgroupFiles.TryRemove);
        // Other nodes may have theirs in it.
        _hierarchies.ToList().ForEach(one => CgroupFiles.TryRemove($"{one.Root}/{Parent}"));
        return removed;
    }

    private IEnumerable<string> FoldersOf(string vmId) =>
        _hierarchies.Select(one => $"{one.Root}/{Parent}/{_node}/{vmId}").Where(Directory.Exists);

    private static bool CanWrite(CgroupHierarchy hierarchy, string node)
    {
        try
        {
            hierarchy.Ensure($"{Parent}/{node}", Wanted);
            return true;
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            return false;
        }
    }

    private static IEnumerable<string> MissingFrom(List<CgroupHierarchy> hierarchies, string node)
    {
        if (hierarchies.Count == 0)
            yield return "control groups: VMs run without limits, in the group of this service";
        else
        {
            foreach (var controller in Wanted.Where(controller => !hierarchies.Exists(one => Has(one, node, controller))))
                yield return $"control group controller {controller}: VMs are not limited by it";
        }
    }

    private static bool Has(CgroupHierarchy hierarchy, string node, string controller) => hierarchy.IsUnified
        ? File.ReadAllText($"{hierarchy.Root}/{Parent}/{node}/cgroup.controllers").Split([' ', '\n']).Contains(controller)
        : hierarchy.Controllers.Contains(controller);
}

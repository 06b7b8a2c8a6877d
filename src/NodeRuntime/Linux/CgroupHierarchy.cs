namespace Hypeman.NodeRuntime.Linux;

/// <summary>
/// One tree of control groups. A host has the unified one (version 2), or one per controller (version 1), or both with
/// the controllers in the old ones.
/// </summary>
internal sealed record CgroupHierarchy(string Root, bool IsUnified, IReadOnlySet<string> Controllers)
{
    /// <summary>The trees of this host, from its mounts.</summary>
    internal static IReadOnlyList<CgroupHierarchy> Find() => Parse(
        File.ReadLines("/proc/self/mountinfo"),
        root => File.Exists($"{root}/cgroup.controllers") ? File.ReadAllText($"{root}/cgroup.controllers") : "");

    /// <param name="readControllers">The controllers of the unified tree with this root, between blanks.</param>
    internal static IReadOnlyList<CgroupHierarchy> Parse(IEnumerable<string> mountInfo, Func<string, string> readControllers)
    {
        var found = new List<CgroupHierarchy>();
        foreach (var line in mountInfo)
        {
            // ... path options - type source options of the file system
            var (mount, system) = line.Split(" - ") is [var left, var right] ? (left.Split(' '), right.Split(' ')) : ([], []);
            if (system is ["cgroup2", ..])
                found.Add(new(mount[4], true, readControllers(mount[4]).Split([' ', '\n'], StringSplitOptions.RemoveEmptyEntries).ToHashSet()));
            else if (system is ["cgroup", _, var options])
                found.Add(new(mount[4], false, options.Split(',').ToHashSet()));
        }
        return [.. found.DistinctBy(hierarchy => hierarchy.Root)];
    }

    /// <summary>Makes a group, with the wanted controllers switched on down to it where they can be.</summary>
    internal string Ensure(string path, IEnumerable<string> wanted)
    {
        var folder = Root;
        foreach (var part in path.Split('/'))
        {
            if (IsUnified)
                Delegate(folder, wanted);
            folder = Path.Combine(folder, part);
            Directory.CreateDirectory(folder);
        }
        return folder;
    }

    private void Delegate(string folder, IEnumerable<string> wanted)
    {
        foreach (var controller in wanted.Where(Controllers.Contains))
        {
            try
            {
                File.WriteAllText($"{folder}/cgroup.subtree_control", $"+{controller}");
            }
            catch (Exception e) when (e is IOException or UnauthorizedAccessException)
            {
                // Not given to us here; the group's files then lack it, and Cgroups says so.
            }
        }
    }
}

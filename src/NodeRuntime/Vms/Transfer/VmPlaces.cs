using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.NodeRuntime.Vms.Transfer;

/// <summary>
/// The files of a VM that move with it, by the names that they have between hosts, in the order in which they are sent: what
/// makes a memory whole comes last. Names come from other hosts, so only these are taken.
/// </summary>
internal sealed class VmPlaces
{
    private const string BaseFolder = "base/";

    private readonly List<(string Name, string Path)> _all;

    private VmPlaces(List<(string Name, string Path)> all) => _all = all;

    /// <summary>Of a VM at rest, and of its saved memory if it has one.</summary>
    internal static VmPlaces Of(VmLayout vm, MemoryFolder? memory, MemoryBase? mapped)
    {
        List<(string Name, string Path)> all = [.. vm.Kept.Select(path => (Path.GetRelativePath(vm.Directory, path), path))];
        if (memory is not null && mapped is not null)
        {
            all.AddRange([("config", vm.ConfigDisk), ("events", vm.EventsFile)]);
            // Packed pages are fewer bytes, where they are there.
            all.Add(mapped.IsPacked ? (BaseFolder + "packed", mapped.PackedFile) : (BaseFolder + "pages", mapped.PagesFile));
            all.AddRange([(BaseFolder + "compression", mapped.WishFile), (BaseFolder + "digests", mapped.DigestsFile)]);
            all.AddRange([("changes", memory.ChangesFile), ("devices", memory.DevicesFile), ("manifest", memory.ManifestFile)]);
        }
        return new VmPlaces(all);
    }

    /// <summary>Of a VM that arrives.</summary>
    internal static VmPlaces ForArrival(VmLayout vm)
    {
        var (places, mapped) = (Of(vm, memory: null, mapped: null)._all, vm.ArrivingBase);
        return new VmPlaces(
        [
            .. places,
            ("config", vm.ConfigDisk), ("events", vm.EventsFile),
            (BaseFolder + "packed", mapped.PackedFile), (BaseFolder + "pages", mapped.PagesFile),
            (BaseFolder + "compression", mapped.WishFile), (BaseFolder + "digests", mapped.DigestsFile),
            ("changes", vm.ArrivingMemory.ChangesFile), ("devices", vm.ArrivingMemory.DevicesFile), ("manifest", vm.ArrivingMemory.ManifestFile),
        ]);
    }

    /// <summary>Whether a file is of the base, which another VM may have brought here already.</summary>
    internal static bool IsOfBase(string name) => name.StartsWith(BaseFolder, StringComparison.Ordinal);

    internal IReadOnlyList<(string Name, string Path)> There => [.. _all.Where(place => File.Exists(place.Path))];

    /// <exception cref="NodeException">Invalid: no such file moves.</exception>
    internal string PathOf(string name) => _all.FirstOrDefault(place => place.Name == name).Path
        ?? throw new NodeException(NodeErrorKind.Invalid, $"A VM keeps no file '{name}'.");
}

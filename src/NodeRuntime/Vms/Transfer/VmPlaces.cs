using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;

namespace Hypeman.NodeRuntime.Vms.Transfer;

/// <summary>
/// The files of a VM that move with it, by the names that they have between hosts, in the order in which they are sent: what
/// makes a memory whole comes last. Names come from other hosts, so only these are taken.
/// </summary>
internal sealed class VmPlaces
{
    private const string BaseFolder = "base/";
    private const string DiskName = "overlay.ext4";

    private readonly List<(string Name, string Path)> _all;

    private VmPlaces(List<(string Name, string Path)> all) => _all = all;

    /// <summary>Of a VM at rest, and of its saved memory if it has one.</summary>
    internal static VmPlaces Of(VmLayout vm, MemoryFolder? memory, MemoryBase? mapped)
    {
        List<(string Name, string Path)> all = [.. vm.Kept.Select(path => (Path.GetRelativePath(vm.Directory, path), path))];
        if (memory is not null && mapped is not null)
        {
            all.AddRange([("config", vm.ConfigDisk), ("events", vm.EventsFile)]);
            all.AddRange(OfMemory(memory, mapped, mapped.IsPacked ? mapped.PackedFile : mapped.PagesFile));
        }
        return new VmPlaces(all);
    }

    /// <summary>Of a snapshot, all but its own manifest.</summary>
    internal static VmPlaces Of(SnapshotFolder snapshot, MemoryBase? mapped)
    {
        List<(string Name, string Path)> all = [(DiskName, snapshot.OverlayDisk)];
        if (mapped is not null)
        {
            all.AddRange([("config", snapshot.ConfigDisk), ("events", snapshot.EventsFile)]);
            all.AddRange(OfMemory(snapshot.Memory, mapped, mapped.IsPacked ? mapped.PackedFile : mapped.PagesFile));
        }
        return new VmPlaces(all);
    }

    /// <summary>Of a snapshot that arrives.</summary>
    internal static VmPlaces ForArrival(SnapshotFolder snapshot) => new(
    [
        (DiskName, snapshot.OverlayDisk), ("config", snapshot.ConfigDisk), ("events", snapshot.EventsFile),
        .. OfMemory(snapshot.Memory, snapshot.ArrivingBase, snapshot.ArrivingBase.PagesFile, snapshot.ArrivingBase.PackedFile),
    ]);

    /// <summary>Of a VM that arrives.</summary>
    internal static VmPlaces ForArrival(VmLayout vm)
    {
        var (places, mapped) = (Of(vm, memory: null, mapped: null)._all, vm.Arrival.ArrivingBase);
        return new VmPlaces(
        [
            .. places, ("config", vm.ConfigDisk), ("events", vm.EventsFile),
            .. OfMemory(vm.Arrival.Memory, mapped, mapped.PagesFile, mapped.PackedFile),
        ]);
    }

    // Packed pages are fewer bytes to send, where they are there.
    private static IEnumerable<(string Name, string Path)> OfMemory(MemoryFolder memory, MemoryBase mapped, params IEnumerable<string> pages) =>
    [
        .. pages.Append(mapped.WishFile).Append(mapped.DigestsFile).Select(path => (BaseFolder + Path.GetFileName(path), path)),
        ("changes", memory.ChangesFile), ("devices", memory.DevicesFile), ("manifest", memory.ManifestFile),
    ];

    /// <summary>Whether a file is of the base, which another VM may have brought here already.</summary>
    internal static bool IsOfBase(string name) => name.StartsWith(BaseFolder, StringComparison.Ordinal);

    internal IReadOnlyList<(string Name, string Path)> There => [.. _all.Where(place => File.Exists(place.Path))];

    /// <exception cref="NodeException">Invalid: no such file moves.</exception>
    internal string PathOf(string name) => _all.FirstOrDefault(place => place.Name == name).Path
        ?? throw new NodeException(NodeErrorKind.Invalid, $"A VM keeps no file '{name}'.");
}

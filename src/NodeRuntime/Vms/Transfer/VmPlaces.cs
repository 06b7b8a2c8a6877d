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
    internal static VmPlaces Of(VmLayout vm, MemoryFolder? memory, MemoryBase? mapped) => new(
    [
        .. KeptOf(vm),
        .. memory is not null && mapped is not null ? OfSleep(vm.ConfigDisk, vm.EventsFile, memory, mapped, PagesOf(mapped)) : [],
    ]);

    /// <summary>Of a snapshot, all but its own manifest.</summary>
    internal static VmPlaces Of(SnapshotFolder snapshot, MemoryBase? mapped) => new(
    [
        (DiskName, snapshot.OverlayDisk),
        .. mapped is not null ? OfSleep(snapshot.ConfigDisk, snapshot.EventsFile, snapshot.Memory, mapped, PagesOf(mapped)) : [],
    ]);

    /// <summary>Of a snapshot that arrives.</summary>
    internal static VmPlaces ForArrival(SnapshotFolder snapshot) => new(
    [
        (DiskName, snapshot.OverlayDisk), .. OfArrivingSleep(snapshot.ConfigDisk, snapshot.EventsFile, snapshot),
    ]);

    /// <summary>Of a VM that arrives.</summary>
    internal static VmPlaces ForArrival(VmLayout vm) =>
        new([.. KeptOf(vm), .. OfArrivingSleep(vm.ConfigDisk, vm.EventsFile, vm.Arrival)]);

    private static IEnumerable<(string Name, string Path)> KeptOf(VmLayout vm) =>
        vm.Kept.Select(path => (Path.GetRelativePath(vm.Directory, path), path));

    private static IEnumerable<(string Name, string Path)> OfArrivingSleep(string config, string events, SnapshotFolder arriving) =>
        OfSleep(config, events, arriving.Memory, arriving.ArrivingBase, arriving.ArrivingBase.PagesFile, arriving.ArrivingBase.PackedFile);

    private static IEnumerable<(string Name, string Path)> OfSleep(
        string config, string events, MemoryFolder memory, MemoryBase mapped, params IEnumerable<string> pages) =>
    [
        ("config", config), ("events", events),
        .. pages.Append(mapped.WishFile).Append(mapped.DigestsFile).Select(path => (BaseFolder + Path.GetFileName(path), path)),
        ("changes", memory.ChangesFile), ("devices", memory.DevicesFile), ("manifest", memory.ManifestFile),
    ];

    // Packed pages are fewer bytes to send, where they are there.
    private static string PagesOf(MemoryBase mapped) => mapped.IsPacked ? mapped.PackedFile : mapped.PagesFile;

    /// <summary>Whether a file is of the base, which another VM may have brought here already.</summary>
    internal static bool IsOfBase(string name) => name.StartsWith(BaseFolder, StringComparison.Ordinal);

    internal IReadOnlyList<(string Name, string Path)> There => [.. _all.Where(place => File.Exists(place.Path))];

    /// <exception cref="NodeException">Invalid: no such file moves.</exception>
    internal string PathOf(string name) => _all.FirstOrDefault(place => place.Name == name).Path
        ?? throw new NodeException(NodeErrorKind.Invalid, $"A VM keeps no file '{name}'.");
}

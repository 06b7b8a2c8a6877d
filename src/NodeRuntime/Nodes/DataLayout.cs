using System.Globalization;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Snapshots;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>
/// Where everything lies in a node's data directory; nothing else builds these paths. All of it is for root alone:
/// what a VM needs of it is opened by us and inherited by its process.
/// </summary>
public sealed class DataLayout(string root)
{
    /// <summary>Absolute.</summary>
    public string Root { get; } = Path.GetFullPath(root);

    /// <summary>Held by the process that runs this node.</summary>
    public string LockFile => Path.Combine(Root, "lock");
    public string NodeIdFile => Path.Combine(Root, "node-id");

    /// <summary>Content-addressed blobs, by digest.</summary>
    public string Blobs => Path.Combine(Root, "blobs");

    /// <summary>Read-only disks made from images, by manifest digest.</summary>
    public string Roots => Path.Combine(Root, "roots");

    /// <summary>Pushes to the registry that have not ended.</summary>
    public string Uploads => Path.Combine(Root, "uploads");

    /// <summary>Emptied at every start.</summary>
    public string Temporary => Path.Combine(Root, "tmp");

    /// <summary>Guest kernels, modules and the initramfs made of them.</summary>
    public string Guest => Path.Combine(Root, "guest");

    /// <summary>Saved memories that VMs may share, one directory each.</summary>
    public string Memory => Path.Combine(Root, "memory");

    /// <summary>One directory per snapshot.</summary>
    public string Snapshots => Path.Combine(Root, "snapshots");

    /// <summary>One directory per VM.</summary>
    public string Vms => Path.Combine(Root, "vms");

    public VmLayout Vm(string vmId) => new(Path.Combine(Vms, vmId));

    public SnapshotFolder Snapshot(string id) => new(Path.Combine(Snapshots, id));

    /// <summary>Ids of the VMs that have a directory.</summary>
    public IReadOnlyList<string> ListVms() => NamesIn(Vms);

    /// <summary>Ids of the snapshots that have a directory, whole or not.</summary>
    public IReadOnlyList<string> ListSnapshots() => NamesIn(Snapshots);

    /// <summary>All memories at rest.</summary>
    public IEnumerable<MemoryFolder> ListMemories() =>
    [
        .. ListVms().Select(Vm).SelectMany(vm => vm.ListGenerations().Append(vm.Arrival.Memory)),
        .. ListSnapshots().Select(id => Snapshot(id).Memory),
    ];

    /// <summary>Takes the data directory for this process, and makes what is missing in it.</summary>
    /// <exception cref="NodeException">Invalid: another process runs on it, or it cannot be made.</exception>
    public FileLock Claim()
    {
        try
        {
            EnsureFolder(Root);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeException(NodeErrorKind.Invalid, $"Cannot use the data directory {Root}: {e.Message}", inner: e);
        }
        var claimed = FileLock.TryTake(LockFile) ?? throw new NodeException(
            NodeErrorKind.Invalid,
            $"The data directory {Root} is in use by process {FileLock.ReadHolder(LockFile)}. "
            + "End that process, or choose another data directory.");
        foreach (var folder in (string[])[Blobs, Roots, Uploads, Temporary, Guest, Memory, Snapshots, Vms])
            EnsureFolder(folder);
        return claimed;
    }

    private static IReadOnlyList<string> NamesIn(string folder) =>
        Directory.Exists(folder) ? [.. Directory.EnumerateDirectories(folder).Select(path => Path.GetFileName(path))] : [];

    private static void EnsureFolder(string path)
    {
        Directory.CreateDirectory(path, FileModes.PrivateFolder);
        File.SetUnixFileMode(path, FileModes.PrivateFolder);
    }
}

/// <summary>Where everything of one VM lies.</summary>
public sealed class VmLayout(string directory)
{
    public string Directory { get; } = directory;

    /// <summary>Held by the process that runs this VM.</summary>
    public string LockFile => Path.Combine(Directory, "lock");

    /// <summary>What the node knows of the VM.</summary>
    public string LedgerFile => Path.Combine(Directory, "ledger.json");

    /// <summary>Empty; was written when somebody last used the VM.</summary>
    public string ActivityFile => Path.Combine(Directory, "activity");

    /// <summary>The writable disk.</summary>
    public string OverlayDisk => Path.Combine(Directory, "overlay.ext4");

    /// <summary>What the guest is to run.</summary>
    public string ConfigDisk => Path.Combine(Directory, "config.disk");

    /// <summary>One directory for each time that the memory was saved; all but the latest go.</summary>
    public string Memory => Path.Combine(Directory, "memory");

    public string Logs => Path.Combine(Directory, "logs");
    public string ConsoleLog => Path.Combine(Logs, "app.log");
    public string VmmLog => Path.Combine(Logs, "vmm.log");
    public string OperationsLog => Path.Combine(Logs, "hypeman.log");

    /// <summary>What is left of a VM when it rests, but for the ledger and our own log: what goes along when it moves.</summary>
    public IReadOnlyList<string> Kept => [OverlayDisk, ConsoleLog, ConsoleLog + ".1", VmmLog];

    /// <summary>What of it belongs to a snapshot without memory.</summary>
    public SnapshotFiles DiskAlone => new(OverlayDisk);

    /// <summary>What is to take the place of the VM's own files, when it is whole.</summary>
    public SnapshotFolder Arrival => new(Path.Combine(Directory, "arrival"));

    /// <summary>Sockets and files of one run; emptied before each.</summary>
    public string Run => Path.Combine(Directory, "run");

    /// <summary>What the guest's init reports.</summary>
    public string EventsFile => Path.Combine(Run, "events");

    /// <summary>What the hypervisor has saved of its devices; each time goes to a generation of the memory from here.</summary>
    public string StateFile => Path.Combine(Run, "state");

    /// <summary>The hypervisor's control protocol.</summary>
    public string ControlSocket => Path.Combine(Run, "control");

    /// <summary>The bytes to and from the guest agent.</summary>
    public string AgentSocket => Path.Combine(Run, "agent");

    /// <summary>What of it belongs to a snapshot with this memory.</summary>
    public SnapshotFiles FilesOf(MemoryFolder? memory) => DiskAlone with { Booted = (ConfigDisk, EventsFile), Memory = memory };

    public MemoryFolder Generation(int number) => new(Path.Combine(Memory, number.ToString(CultureInfo.InvariantCulture)));

    public IEnumerable<MemoryFolder> ListGenerations() => System.IO.Directory.Exists(Memory)
        ? System.IO.Directory.EnumerateDirectories(Memory).Select(path => new MemoryFolder(path))
        : [];
}

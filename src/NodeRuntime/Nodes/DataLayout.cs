using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>
/// Where everything lies in a node's data directory; nothing else builds these paths. All of it is for root alone,
/// but for what the users of the VMs need: they share one group, which may pass through the directory, through
/// <see cref="Vms"/> (where each has a directory of its own), and read the disks in <see cref="Roots"/>.
/// </summary>
public sealed class DataLayout(string root)
{
    private const UnixFileMode Private = UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute;
    private const UnixFileMode Passable = Private | UnixFileMode.GroupExecute;

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

    /// <summary>Empty file systems to copy new disks from.</summary>
    public string DiskTemplates => Path.Combine(Root, "disk-templates");

    /// <summary>Guest kernels, modules and the initramfs made of them.</summary>
    public string Guest => Path.Combine(Root, "guest");

    /// <summary>One directory per VM.</summary>
    public string Vms => Path.Combine(Root, "vms");

    public VmLayout Vm(string vmId) => new(Path.Combine(Vms, vmId));

    /// <summary>Ids of the VMs that have a directory.</summary>
    public IReadOnlyList<string> ListVms() =>
        Directory.Exists(Vms) ? [.. Directory.EnumerateDirectories(Vms).Select(path => Path.GetFileName(path))] : [];

    /// <summary>Takes the data directory for this process, and makes what is missing in it.</summary>
    /// <param name="guestGroup">The group of the users that run VMs.</param>
    /// <exception cref="NodeException">Invalid: another process runs on it, or it cannot be made or reached.</exception>
    public FileLock Claim(uint guestGroup)
    {
        try
        {
            EnsureFolder(Root, Passable, guestGroup);
        }
        catch (Exception e) when (e is IOException or UnauthorizedAccessException)
        {
            throw new NodeException(NodeErrorKind.Invalid, $"Cannot use the data directory {Root}: {e.Message}", inner: e);
        }
        RequireReachable();
        var claimed = FileLock.TryTake(LockFile) ?? throw new NodeException(
            NodeErrorKind.Invalid,
            $"The data directory {Root} is in use by process {FileLock.ReadHolder(LockFile)}. "
            + "End that process, or choose another data directory.");
        foreach (var folder in (string[])[Blobs, Uploads, Temporary, DiskTemplates, Guest])
            EnsureFolder(folder, Private, group: 0);
        EnsureFolder(Vms, Passable, guestGroup);
        EnsureFolder(Roots, Passable | UnixFileMode.SetGroup, guestGroup);
        return claimed;
    }

    private static void EnsureFolder(string path, UnixFileMode mode, uint group)
    {
        Directory.CreateDirectory(path, Private);
        FileOwner.Set(path, uid: 0, group);
        File.SetUnixFileMode(path, mode);
    }

    /// <summary>A hypervisor runs as a user of its own, which must come as far as our directory.</summary>
    private void RequireReachable()
    {
        for (var folder = Path.GetDirectoryName(Root); folder is not null; folder = Path.GetDirectoryName(folder))
        {
            if (!File.GetUnixFileMode(folder).HasFlag(UnixFileMode.OtherExecute))
                throw new NodeException(
                    NodeErrorKind.Invalid,
                    $"The users that run VMs cannot reach the data directory {Root}: only some may enter {folder}. "
                    + $"Choose another data directory, or allow it: chmod o+x {folder}");
        }
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

    /// <summary>The writable disk.</summary>
    public string OverlayDisk => Path.Combine(Directory, "overlay.ext4");

    /// <summary>What the guest is to run.</summary>
    public string ConfigDisk => Path.Combine(Directory, "config.disk");

    public string Logs => Path.Combine(Directory, "logs");
    public string ConsoleLog => Path.Combine(Logs, "app.log");
    public string VmmLog => Path.Combine(Logs, "vmm.log");
    public string OperationsLog => Path.Combine(Logs, "hypeman.log");

    /// <summary>Sockets and files of one run, owned by the VM's own user; emptied before each.</summary>
    public string Run => Path.Combine(Directory, "run");
}

using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Bench.Restore;

/// <summary>
/// What a user would take instead: libvirt as a user's session has it, with one domain. Its daemon is a process of ours, all of
/// its files are in one folder. Disposing it ends the domain and the daemon.
/// </summary>
internal sealed class Libvirt : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromMinutes(2);
    private static readonly ProcessUser User = new(65534, 65534);

    private const UnixFileMode Passable =
        UnixFileMode.UserRead | UnixFileMode.UserWrite | UnixFileMode.UserExecute | UnixFileMode.GroupExecute | UnixFileMode.OtherExecute;

    private readonly string _folder;
    private readonly ProcessHandle _daemon;

    private Libvirt(string folder, ProcessHandle daemon) => (_folder, _daemon) = (folder, daemon);

    private string SavedFile => Path.Combine(_folder, "saved");
    private string DomainFile => Path.Combine(_folder, "domain.xml");

    /// <param name="folder">Has a file for each disk and for the kernel; is given to the user that libvirt runs as, with a way to it.</param>
    /// <param name="machine">What the domain is like.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public static async Task<Libvirt> StartAsync(string folder, VmMachine machine, CancellationToken cancellationToken)
    {
        var settings = Directory.CreateDirectory(Path.Combine(folder, "settings", "libvirt")).FullName;
        // Otherwise a second daemon is started for what the guest writes to files.
        await File.WriteAllTextAsync(Path.Combine(settings, "qemu.conf"), "stdio_handler = \"file\"\n", cancellationToken);
        File.SetUnixFileMode(Path.GetDirectoryName(folder)!, Passable);
        foreach (var path in Directory.EnumerateFileSystemEntries(folder, "*", SearchOption.AllDirectories).Prepend(folder))
            FileOwner.Set(path, User.Uid, User.Gid);
        var identity = await Spawner.StartAsync(new SpawnRequest
        {
            Program = "libvirtd",
            Arguments = [],
            User = User,
            OutputPath = Path.Combine(folder, "libvirtd.log"),
            Environment = new Dictionary<string, string>
            {
                ["HOME"] = folder,
                ["XDG_RUNTIME_DIR"] = folder,
                ["XDG_CONFIG_HOME"] = Path.Combine(folder, "settings"),
                ["XDG_CACHE_HOME"] = Path.Combine(folder, "cache"),
            },
        });
        var libvirt = new Libvirt(folder, ProcessHandle.Open(identity) ?? throw new InvalidOperationException($"libvirtd ended at once, see {folder}"));
        await File.WriteAllTextAsync(libvirt.DomainFile, LibvirtDomain.Describe(machine, folder), cancellationToken);
        return libvirt;
    }

    /// <summary>Boots the domain and saves it, so that it can be restored.</summary>
    public async Task PrepareAsync(CancellationToken cancellationToken)
    {
        // The daemon is not ready at once, and virsh does not wait for it.
        while (!File.Exists(Socket) && !_daemon.Exited.IsCompleted)
            await Task.Delay(TimeSpan.FromMilliseconds(20), cancellationToken);
        await VirshAsync(cancellationToken, "create", DomainFile);
        await HearAsync(cancellationToken);
        await SaveAsync(cancellationToken);
    }

    /// <summary>Returns when the agent of the guest has answered.</summary>
    public async Task RestoreAsync(CancellationToken cancellationToken)
    {
        await VirshAsync(cancellationToken, "restore", SavedFile);
        await HearAsync(cancellationToken);
    }

    public Task SaveAsync(CancellationToken cancellationToken) => VirshAsync(cancellationToken, "save", LibvirtDomain.Name, SavedFile);

    public async ValueTask DisposeAsync()
    {
        try
        {
            await VirshAsync(CancellationToken.None, "destroy", LibvirtDomain.Name);
        }
        catch (CommandException)
        {
            // It is saved, so it does not run.
        }
        _daemon.Kill(ProcessSignal.Terminate);
        await _daemon.Exited;
        _daemon.Dispose();
    }

    private string Socket => Path.Combine(_folder, "libvirt", "libvirt-sock");

    private Task<string> VirshAsync(CancellationToken cancellationToken, params string[] arguments) =>
        new Command("virsh", ["-q", "-c", $"qemu+unix:///session?socket={Socket}", .. arguments]) { Timeout = Patience }
            .RunAsync(cancellationToken);

    private async Task HearAsync(CancellationToken cancellationToken)
    {
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        await using var channel = await GuestChannel.ConnectAsync(LibvirtDomain.PathOf(_folder, VmDescriptor.Agent), deadline.Token);
    }
}

using Hypeman.Bench.Restore;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Hypervisors.Qemu;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Win32.SafeHandles;

namespace Hypeman.Bench.Guests;

/// <summary>
/// The peer of sleep and wake: what a VM of the fleet in standby consists of, copied aside, for QEMU as one starts it by hand.
/// The machine is the same; there is no sandbox, user, control group, network rule or anybody who watches.
/// </summary>
internal sealed class RawMachine
{
    private readonly string _folder;
    private readonly GuestSystemFiles _guest;
    private readonly string _root;
    private readonly string _pages;
    private int _number;

    private RawMachine(string folder, GuestSystemFiles guest, string root, VmMachine machine, string pages) =>
        (_folder, _guest, _root, Machine, _pages) = (folder, guest, root, machine, pages);

    public VmMachine Machine { get; }

    /// <param name="data">Of the fleet.</param>
    /// <param name="id">A VM whose first standby it is.</param>
    /// <param name="guest">Kernel and initial file system.</param>
    /// <param name="root">The image's root disk.</param>
    /// <param name="folder">Where the copy goes.</param>
    public static RawMachine CopyOf(DataLayout data, string id, GuestSystemFiles guest, string root, string folder)
    {
        var vm = data.Vm(id);
        var record = VmLedger.Read(vm.LedgerFile)!;
        var memory = vm.Generation(record.Generation!.Value);
        var mapped = new MemoryBase(memory.Read().Base, Path.Combine(data.Memory, memory.Read().Base));
        Directory.CreateDirectory(folder);
        SparseFile.Copy(vm.OverlayDisk, Path.Combine(folder, "overlay"));
        File.Copy(vm.ConfigDisk, Path.Combine(folder, "config"));
        File.Copy(vm.EventsFile, Path.Combine(folder, "events"));
        File.Copy(memory.DevicesFile, Path.Combine(folder, "devices"));
        SparseFile.Copy(mapped.PagesFile, Path.Combine(folder, "pages"));
        return new RawMachine(folder, guest, root, VmMachines.Of(record), Path.Combine(folder, "pages"));
    }

    /// <summary>What a start inherits, made before the clock runs.</summary>
    public RawStart Prepare()
    {
        var place = Directory.CreateDirectory(Path.Combine(_folder, $"run-{_number++}")).FullName;
        SparseFile.Copy(Path.Combine(_folder, "overlay"), Path.Combine(place, "overlay"));
        foreach (var name in (string[])["config", "events"])
            File.Copy(Path.Combine(_folder, name), Path.Combine(place, name));
        return new RawStart(place, Arguments(), [.. Enum.GetValues<VmDescriptor>().Select(descriptor => Open(descriptor, place))]);
    }

    /// <summary>Copies what the machine boots from, each file under its descriptor's name.</summary>
    public void CopyBootTo(string folder)
    {
        Directory.CreateDirectory(folder);
        foreach (var (descriptor, file) in new Dictionary<VmDescriptor, string>
        {
            [VmDescriptor.Kernel] = _guest.Kernel,
            [VmDescriptor.Initramfs] = _guest.Initramfs,
            [VmDescriptor.Root] = _root,
            [VmDescriptor.Overlay] = Path.Combine(_folder, "overlay"),
            [VmDescriptor.Config] = Path.Combine(_folder, "config"),
        })
        {
            SparseFile.Copy(file, LibvirtDomain.PathOf(folder, descriptor));
        }
    }

    private List<string> Arguments()
    {
        var booting = QemuCommandLine.For(Machine, QemuMachineType.Q35, Accelerators.Tcg, KernelCommandLine.For(isEmulated: true));
        var restoring = QemuCommandLine.Restoring(Machine, booting, opensReadOnly: false).ToList();
        var sandbox = restoring.IndexOf("-sandbox");
        restoring.RemoveRange(sandbox, 2);
        restoring.Remove("-S");
        restoring[restoring.IndexOf("defer")] = $"fd:{(int)VmDescriptor.Incoming}";
        return [.. restoring.Select(argument => argument.StartsWith("tap,", StringComparison.Ordinal)
            ? "tap,id=net0,ifname=raw0,script=no,downscript=no,vhost=off"
            : argument)];
    }

    private SafeFileHandle Open(VmDescriptor descriptor, string place) => descriptor switch
    {
        VmDescriptor.Kernel => Open(_guest.Kernel),
        VmDescriptor.Initramfs => Open(_guest.Initramfs),
        VmDescriptor.Root => Open(_root),
        VmDescriptor.Overlay => Open(Path.Combine(place, "overlay"), FileAccess.ReadWrite),
        VmDescriptor.Config => Open(Path.Combine(place, "config")),
        VmDescriptor.Console => AppendFile.Open(Path.Combine(place, "console")),
        VmDescriptor.Events => AppendFile.Open(Path.Combine(place, "events")),
        VmDescriptor.Control => UnixListener.Create(Path.Combine(place, "control")),
        VmDescriptor.Agent => UnixListener.Create(Path.Combine(place, "agent")),
        VmDescriptor.Memory => Open(_pages),
        VmDescriptor.Incoming => Open(Path.Combine(_folder, "devices")),
        VmDescriptor.State or VmDescriptor.Tap => Open("/dev/null"),
    };

    private static SafeFileHandle Open(string path, FileAccess access = FileAccess.Read) =>
        File.OpenHandle(path, FileMode.Open, access, FileShare.ReadWrite | FileShare.Delete);
}

/// <summary>One QEMU started by hand. Disposing it ends it.</summary>
internal sealed class RawStart(string place, List<string> arguments, List<SafeFileHandle> inherited) : IAsyncDisposable
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private ProcessHandle? _process;

    public string ControlSocket => Path.Combine(place, "control");

    public ProcessHandle Process => _process!;

    /// <summary>Starts it, and returns when the agent of its guest has answered.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var identity = await Spawner.StartAsync(new SpawnRequest
        {
            Program = "qemu-system-x86_64",
            Arguments = arguments,
            Inherited = inherited,
            OutputPath = Path.Combine(place, "qemu.log"),
        });
        inherited.ForEach(handle => handle.Dispose());
        _process = ProcessHandle.Open(identity) ?? throw new InvalidOperationException($"QEMU ended at once, see {place}");
        using var deadline = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken);
        deadline.CancelAfter(Patience);
        try
        {
            await using var channel = await GuestChannel.ConnectAsync(Path.Combine(place, "agent"), deadline.Token);
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new TimeoutException(
                $"No agent answered in {Patience.TotalSeconds:0} s. QEMU says: "
                + $"{await File.ReadAllTextAsync(Path.Combine(place, "qemu.log"), cancellationToken)}");
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_process is null)
            return;
        if (!_process.Exited.IsCompleted)
            _process.Kill(ProcessSignal.Kill);
        await _process.Exited;
        _process.Dispose();
        Directory.Delete(place, recursive: true);
    }
}

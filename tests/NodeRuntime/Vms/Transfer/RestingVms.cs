using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Hypervisors.Qemu;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypeman.Tests.NodeRuntime.Vms.Transfer;

/// <summary>A host whose VMs rest: real ledgers and files, and nothing that would need a network or a hypervisor.</summary>
internal sealed class RestingVms : IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private readonly NetworkNamespace _outside = NetworkNamespace.Current();
    private readonly NodeNetwork _network;
    private readonly VmContext _context;

    private RestingVms(TimeProvider time, long minFreeBytes, string? directory)
    {
        Layout = new DataLayout(directory ?? _folder.PathOf("data"));
        Layout.Claim().Dispose();
        _network = new NodeNetwork("resting-host", new NodeNetworkOptions(), _outside, NullLogger<NodeNetwork>.Instance);
        var memory = new MemoryStore(Layout.Memory, Layout.ListMemories, TimeProvider.System, NullLogger.Instance);
        var disks = new OverlayDisks(new OverlayDiskOptions { MinFreeBytes = minFreeBytes });
        _context = new VmContext
        {
            Layout = Layout,
            Network = _network,
            Disks = disks,
            Snapshots = new SnapshotStore(Layout, memory, disks, NullLogger.Instance),
            Cgroups = Cgroups.Detect("resting-host"),
            Guest = new GuestSystemFiles("", "", ""),
            FindRoot = _ => null,
            Memory = memory,
            Hypervisors = [new QemuHypervisor("none", version: null, QemuMachineType.Q35, Accelerators.Tcg, 1)],
            BootDeadline = TimeSpan.FromMinutes(1),
            Time = time,
            Log = NullLogger.Instance,
            Board = new VmBoard(),
            Addresses = new VmAddressBook(_network),
        };
    }

    internal DataLayout Layout { get; }
    internal MemoryStore Memory => _context.Memory;
    internal IHypervisor Hypervisor => _context.Hypervisors[0];
    internal VmHost Host { get; private set; } = null!;

    internal static async Task<RestingVms> OpenAsync(TimeProvider? time = null, long minFreeBytes = 0, string? directory = null)
    {
        var made = new RestingVms(time ?? TimeProvider.System, minFreeBytes, directory);
        await made.RestartAsync();
        return made;
    }

    internal async Task RestartAsync()
    {
        if (Host is { } before)
            await before.DisposeAsync();
        foreach (var known in _context.Board.List())
            _context.Board.Remove(known.Id);
        Host = new VmHost(_context);
        await Host.AdoptAllAsync();
    }

    /// <summary>A VM that ran once and was stopped.</summary>
    internal async Task AddAsync(VmSpec spec, Action<VmLayout> fill)
    {
        var vm = Layout.Vm(spec.Id);
        Directory.CreateDirectory(vm.Logs);
        fill(vm);
        VmLedger.Write(vm.LedgerFile, new VmRecord
        {
            Epoch = spec.Epoch, Spec = spec, Stage = VmStage.Stopped, Ip = "10.100.0.9", Mac = "02:00:00:00:00:09", Uid = 1, Hypervisor = "qemu",
            StartedBoot = spec.Boot, ExitCode = 7, ExitMessage = "exit code 7", ExitedAt = DateTimeOffset.UnixEpoch,
        });
        await RestartAsync();
    }

    internal static VmSpec Spec(long epoch, long boot = 1) => new()
    {
        Id = "resting",
        Epoch = epoch,
        Boot = boot,
        Vcpus = 1,
        MemoryBytes = 64L << 20,
        OverlayBytes = 64L << 20,
        RootDigest = "sha256:" + new string('0', 64),
        Hostname = "resting",
        Program = new GuestProgram { Arguments = ["/bin/app"] },
    };

    public async ValueTask DisposeAsync()
    {
        await Host.DisposeAsync();
        _network.Dispose();
        _outside.Dispose();
        _folder.Dispose();
    }
}

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
using Hypeman.Tests.NodeRuntime.Guest;
using Hypeman.Tests.NodeRuntime.Networks;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>
/// The VMs of one data directory, over real disks, networks and hypervisors. The process that manages them can come
/// to an end (<see cref="RestartAsync"/>) while they run on; with this object everything goes.
/// </summary>
internal sealed class TestVms : IAsyncDisposable
{
    private const string Qemu = "qemu-system-x86_64";
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(90);

    private readonly TestHost _outside;
    private readonly string _nodeId = "n" + Guid.NewGuid().ToString("N")[..23];
    private readonly DataLayout _layout;
    private readonly FileLock _claim;
    private NodeNetwork _network = null!;

    private TestVms(TestHost outside, string? data)
    {
        _outside = outside;
        _layout = new DataLayout(data ?? Path.Combine(Path.GetTempPath(), "hmt-" + Guid.NewGuid().ToString("N")[..8]));
        _claim = _layout.Claim();
    }

    internal VmHost Host { get; private set; } = null!;
    internal ISnapshotHost Snapshots { get; private set; } = null!;
    internal VmContext Context { get; private set; } = null!;
    internal DataLayout Layout => _layout;
    internal NodeNetwork Network => _network;
    internal Func<string, string, CancellationToken, Task> BeforeStep { get; set; } = (_, _, _) => Task.CompletedTask;
    internal OverlayDiskOptions Disks { get; } = new();
    internal TimeSpan BootDeadline { get; set; } = TimeSpan.FromSeconds(60);

    /// <param name="configure">Before it is opened.</param>
    /// <param name="data">The data directory, which is not there yet; null for any.</param>
    internal static async Task<TestVms> CreateAsync(Action<TestVms>? configure = null, string? data = null)
    {
        var made = new TestVms(await TestHost.CreateAsync(), data);
        configure?.Invoke(made);
        try
        {
            await made.OpenAsync();
            return made;
        }
        catch
        {
            await made.DisposeAsync();
            throw;
        }
    }

    /// <summary>The manager ends and another one takes over; the VMs run on.</summary>
    internal async Task RestartAsync()
    {
        await CloseAsync();
        await OpenAsync();
    }

    internal async Task CloseAsync()
    {
        await Host.DisposeAsync();
        _network.Dispose();
    }

    internal async Task OpenAsync()
    {
        _network = new NodeNetwork(_nodeId, new NodeNetworkOptions(), _outside.Namespace, NullLogger<NodeNetwork>.Instance);
        var guest = await TestGuest.FilesAsync();
        var root = await TestGuest.RootAsync();
        var version = await QemuVersion.FindAsync(Qemu, CancellationToken.None);
        await _network.EnsureAsync(CancellationToken.None);
        var log = LoggerFactory.Create(logging => logging.AddProvider(new TestOutputLogger())).CreateLogger("vms");
        var memory = new MemoryStore(_layout.Memory, _layout.ListMemories, TimeProvider.System, log);
        var disks = new OverlayDisks(Disks);
        Context = new VmContext
        {
            Layout = _layout,
            Memory = memory,
            Snapshots = new SnapshotStore(_layout, memory, disks, log),
            Network = _network,
            Disks = disks,
            Cgroups = Cgroups.Detect(_nodeId),
            Guest = guest,
            FindRoot = _ => root,
            Hypervisors = [.. Enum.GetValues<QemuMachineType>().Select(type => new QemuHypervisor(
                Qemu, version, type, Accelerators.Tcg, ProcessorClock.ReadKhz()))],
            BootDeadline = BootDeadline,
            Time = TimeProvider.System,
            Log = log,
            Board = new VmBoard(),
            Addresses = new VmAddressBook(_network),
            BeforeStep = (id, step, token) => BeforeStep(id, step, token),
        };
        Host = new VmHost(Context);
        Snapshots = new SnapshotHost(Context.Snapshots, new SnapshotTransfer(Context, new NodeNetworkOptions().UidBase - 1), Host);
        await Host.AdoptAllAsync();
    }

    /// <summary>What a node does after it has taken up its VMs.</summary>
    internal Task SweepAsync()
    {
        Context.Snapshots.Sweep();
        return new VmSweeper(Host, Context).SweepAsync();
    }

    internal static VmSpec Spec(string id, params string[] command) => new()
    {
        Id = id,
        Epoch = 1,
        Boot = 1,
        Vcpus = 1,
        MemoryBytes = 256L << 20,
        OverlayBytes = 64L << 20,
        RootDigest = "sha256:" + new string('0', 64),
        Hostname = id,
        Program = new GuestProgram { Arguments = command },
    };

    internal static string NewId() => "v" + Guid.NewGuid().ToString("N")[..23];

    /// <summary>Starts it and waits until it is ready.</summary>
    internal async Task<VmStatus> RunAsync(VmSpec spec)
    {
        await Host.StartAsync(spec, CancellationToken.None);
        return await ReachAsync(spec.Id, VmPhase.Running);
    }

    internal Task<VmStatus> ReachAsync(string id, VmPhase phase) => ReachAsync(id, status => status.Phase == phase, $"{phase}");

    internal async Task<VmStatus> ReachAsync(string id, Func<VmStatus, bool> condition, string what)
    {
        using var patience = new CancellationTokenSource(Patience);
        try
        {
            await foreach (var status in Host.WatchAsync(patience.Token))
            {
                if (status.Id == id && condition(status))
                    return status;
            }
        }
        catch (OperationCanceledException)
        {
            // Told below.
        }
        throw new TimeoutException($"VM {id} was not {what} in {Patience}; it is {Host.Find(id)}.\n{Logs(id)}");
    }

    /// <summary>Runs a command in the guest to its end.</summary>
    internal async Task<(string Output, int Code)> ExecAsync(string id, params string[] command)
    {
        using var patience = new CancellationTokenSource(Patience);
        await using var session = await StartAsync(id, command);
        return await Guests.EndOfAsync(session, patience.Token);
    }

    /// <summary>Starts a command in the guest and leaves its end to the caller: one that ends the machine may not live to tell.</summary>
    internal async Task<IGuestSession> StartAsync(string id, params string[] command)
    {
        using var patience = new CancellationTokenSource(Patience);
        var session = await Host.OpenGuestAsync(id, new ExecRequest { Command = command }, keepsAwake: true, patience.Token);
        await session.EndAsync(patience.Token);
        return session;
    }

    internal string Logs(string id)
    {
        var vm = _layout.Vm(id);
        return string.Join('\n', ((string[])[vm.OperationsLog, vm.VmmLog, vm.ConsoleLog])
            .Where(File.Exists).Select(path => $"--- {Path.GetFileName(path)}\n{File.ReadAllText(path)}"));
    }

    /// <summary>The processes that this data directory owns.</summary>
    internal IReadOnlyList<ProcessIdentity> Processes(string id) =>
        [.. VmProcesses.Find(_layout.Vms).Where(found => found.VmId == id).Select(found => found.Process)];

    public async ValueTask DisposeAsync()
    {
        if (Host is { } open)
            await open.DisposeAsync();
        foreach (var (process, _) in VmProcesses.Find(_layout.Vms))
            await VmRelease.KillAsync(process, TimeProvider.System);
        var groups = Cgroups.Detect(_nodeId);
        foreach (var id in groups.List())
            await Until.True(() => groups.TryRemove(id), TimeSpan.FromSeconds(5), $"the group of {id} is empty");
        groups.TryRemoveAll();
        await _network.RemoveAsync(CancellationToken.None);
        _network.Dispose();
        await _outside.DisposeAsync();
        _claim.Dispose();
        Directory.Delete(_layout.Root, recursive: true);
    }
}

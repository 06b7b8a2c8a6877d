using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>
/// This host. Its VMs outlive it: they are taken up when it starts and let go of when it stops.
/// <code>
/// 1 guest system    kernel and initial file system
/// 2 hypervisors     what works here, found out by running a guest
/// 3 network         the first that leaves traces outside the data directory
/// 4 images
/// 5 VMs             taken up from their ledgers
/// 6 orphans         of crashes are ended and removed
/// </code>
/// </summary>
public sealed class Node(NodeClaim claim, NodeSettings settings, TimeProvider time, ILoggerFactory logs, IBlobPeers? peers = null)
    : INode, IHostedService, IAsyncDisposable
{
    private readonly ILogger _log = logs.CreateLogger<Node>();
    private NetworkNamespace? _outside;
    private NodeNetwork? _network;
    private ImageHost? _images;
    private VmHost? _vms;
    private SnapshotHost? _snapshots;
    private MemoryCompressor? _compressor;
    private NodeFacts? _facts;
    private NodeCare? _care;

    /// <summary>Made once, kept in the data directory.</summary>
    public string NodeId => claim.NodeId;

    public NodeFacts Facts => _facts ?? throw NotStarted();

    /// <summary>With more than the port offers: what is being pushed to us.</summary>
    public ImageHost Images => _images ?? throw NotStarted();

    IVmHost INode.Vms => _vms ?? throw NotStarted();

    public ISnapshotHost Snapshots => _snapshots ?? throw NotStarted();

    IImageHost INode.Images => Images;

    private NodeRuntimeOptions Options => settings.Runtime.Value;

    /// <exception cref="NodeException">DependencyMissing, Invalid: in words for the operator.</exception>
    public async Task StartAsync(CancellationToken cancellationToken)
    {
        try
        {
            await StartStepsAsync(cancellationToken);
        }
        catch
        {
            await StopAsync(CancellationToken.None);
            throw;
        }
    }

    /// <summary>Lets go of everything; VMs run on.</summary>
    public async Task StopAsync(CancellationToken cancellationToken)
    {
        if (_care is not null)
            await _care.DisposeAsync();
        if (_compressor is not null)
            await _compressor.DisposeAsync();
        if (_vms is not null)
            await _vms.DisposeAsync();
        if (_images is not null)
            await _images.DisposeAsync();
        _network?.Dispose();
        _outside?.Dispose();
        (_care, _compressor, _vms, _snapshots, _images, _network, _outside) = (null, null, null, null, null, null, null);
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <summary>
    /// Ends what of this node lives outside its data directory: VMs (asked first, with <paramref name="grace"/>),
    /// network, control groups. Disks, images and logs stay. For a node that is not started; needs neither kernel nor QEMU.
    /// </summary>
    public async Task RemoveAllAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        OpenNetwork();
        await _network!.EnsureForRemovalAsync(cancellationToken);
        var context = Context(
            new GuestSystemFiles("", "", ""), NodeHypervisors.WithoutLooking(Options), _ => null);
        _vms = new VmHost(context);
        await _vms.AdoptAllAsync();
        // Of one in standby all is in the data directory.
        var active = _vms.List().Where(vm => vm.Phase != VmPhase.Standby);
        await Task.WhenAll(active.Select(vm => _vms.StopAsync(vm.Id, vm.Epoch, grace, cancellationToken)));
        await new VmSweeper(_vms, context).SweepAsync();
        context.Cgroups.TryRemoveAll();
        await _network.RemoveAsync(cancellationToken);
        await StopAsync(cancellationToken);
    }

    private async Task StartStepsAsync(CancellationToken cancellationToken)
    {
        // :: Step 1
        var guestSystem = new GuestSystem(new GuestSystemOptions
        {
            KernelDirectory = Options.KernelDirectory,
            GuestBinary = Options.GuestBinary,
            CacheDirectory = claim.Layout.Guest,
        });
        var guest = await guestSystem.EnsureAsync(cancellationToken);
        guest = guest with { Kernel = ReadableKernel.Ensure(guest.Kernel, claim.Layout.Guest) };

        // :: Step 2
        var hypervisors = await NodeHypervisors.FindAsync(
            Options, claim.Layout, guest, settings.Network.Value.UidBase, time, _log, cancellationToken);

        // :: Step 3
        OpenNetwork();
        await _network!.RequireFreeSubnetAsync();
        await _network.EnsureAsync(cancellationToken);

        // :: Step 4
        _images = new ImageHost(claim.Layout, settings.Images, time, logs, peers);

        // :: Step 5
        var context = Context(guest, hypervisors, _images.FindRootPath);
        foreach (var missing in context.Cgroups.Missing)
            _log.LogWarning("VMs are not limited as they should be: {Missing}", missing);
        _vms = new VmHost(context);
        _snapshots = new SnapshotHost(context.Snapshots, new SnapshotTransfer(context, settings.Network.Value.UidBase - 1), _vms);
        await _vms.AdoptAllAsync();

        // :: Step 6
        var sweeper = new VmSweeper(_vms, context);
        await sweeper.SweepNetworkAsync(cancellationToken);
        context.Snapshots.Sweep();
        await sweeper.SweepAsync();

        _compressor = new MemoryCompressor(context.Memory, time, logs.CreateLogger<MemoryCompressor>());
        _facts = FactsOf(hypervisors);
        _care = new NodeCare(_vms, sweeper, context, settings, logs);
        _log.LogInformation("Node {Node} is up with {Count} VMs", NodeId, _vms.List().Count);
    }

    private void OpenNetwork()
    {
        _outside = Options.HostNamespace is { } path ? NetworkNamespace.Open(path) : NetworkNamespace.Current();
        _network = new NodeNetwork(NodeId, settings.Network.Value, _outside, logs.CreateLogger<NodeNetwork>());
    }

    private VmContext Context(GuestSystemFiles guest, NodeHypervisors hypervisors, Func<string, string?> findRoot)
    {
        var memory = new MemoryStore(claim.Layout.Memory, claim.Layout.ListMemories, time, logs.CreateLogger<MemoryStore>());
        var disks = new OverlayDisks(settings.Disks.Value);
        return new VmContext
        {
            Layout = claim.Layout,
            Memory = memory,
            Snapshots = new SnapshotStore(claim.Layout, memory, disks, logs.CreateLogger<SnapshotStore>()),
            Network = _network!,
            Disks = disks,
            Cgroups = Cgroups.Detect(NodeId),
            Guest = guest,
            FindRoot = findRoot,
            Hypervisors = hypervisors.Drivers,
            Groups = hypervisors.Groups,
            BootDeadline = Options.BootDeadline ?? hypervisors.DefaultBootDeadline,
            Time = time,
            Log = logs.CreateLogger<VmHost>(),
            Board = new VmBoard(),
            Addresses = new VmAddressBook(_network!),
        };
    }

    private NodeFacts FactsOf(NodeHypervisors hypervisors)
    {
        var host = HostFacts.Read(claim.Layout.Root);
        return new NodeFacts
        {
            NodeId = NodeId,
            Hostname = host.Hostname,
            Hypervisors = [.. hypervisors.Drivers.Select(driver => driver.Name)],
            Accelerator = hypervisors.Accelerator,
            Platform = host.Platform,
            Cpus = host.Cpus,
            MemoryBytes = host.MemoryBytes,
            DiskBytes = host.DiskBytes,
            Labels = Options.Labels,
        };
    }

    private static NodeException NotStarted() => new(NodeErrorKind.Unavailable, "The node has not started yet.");
}

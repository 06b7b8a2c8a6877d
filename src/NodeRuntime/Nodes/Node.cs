using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Networks;
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
public sealed class Node(NodeClaim claim, NodeSettings settings, TimeProvider time, ILoggerFactory logs)
    : INode, IHostedService, IAsyncDisposable
{
    private readonly ILogger log = logs.CreateLogger<Node>();
    private NetworkNamespace? outside;
    private NodeNetwork? network;
    private ImageHost? images;
    private VmHost? vms;
    private NodeFacts? facts;
    private NodeCare? care;

    /// <summary>Made once, kept in the data directory.</summary>
    public string NodeId => claim.NodeId;

    public NodeFacts Facts => facts ?? throw NotStarted();

    /// <summary>With more than the port offers: what is being pushed to us.</summary>
    public ImageHost Images => images ?? throw NotStarted();

    IVmHost INode.Vms => vms ?? throw NotStarted();

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
        if (care is not null)
            await care.DisposeAsync();
        if (vms is not null)
            await vms.DisposeAsync();
        if (images is not null)
            await images.DisposeAsync();
        network?.Dispose();
        outside?.Dispose();
        (care, vms, images, network, outside) = (null, null, null, null, null);
    }

    public async ValueTask DisposeAsync() => await StopAsync(CancellationToken.None);

    /// <summary>
    /// Ends what of this node lives outside its data directory: VMs (asked first, with <paramref name="grace"/>),
    /// network, control groups. Disks, images and logs stay. For a node that is not started; needs neither kernel nor QEMU.
    /// </summary>
    public async Task RemoveAllAsync(TimeSpan grace, CancellationToken cancellationToken)
    {
        OpenNetwork();
        await network!.EnsureForRemovalAsync(cancellationToken);
        var context = Context(
            new GuestSystemFiles("", "", ""), NodeHypervisors.WithoutLooking(Options, "tcg", []), _ => null);
        vms = new VmHost(context);
        await vms.AdoptAllAsync();
        await Task.WhenAll(vms.List().Select(vm => vms.StopAsync(vm.Id, vm.Epoch, grace, cancellationToken)));
        await new VmSweeper(vms, context).SweepAsync();
        context.Cgroups.TryRemoveAll();
        await network.RemoveAsync(cancellationToken);
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
            Options, claim.Layout, guest, settings.Network.Value.UidBase, time, log, cancellationToken);

        // :: Step 3
        OpenNetwork();
        await network!.RequireFreeSubnetAsync();
        await network.EnsureAsync(cancellationToken);

        // :: Step 4
        images = new ImageHost(claim.Layout, settings.Images, time, logs);

        // :: Step 5
        var context = Context(guest, hypervisors, images.FindRootPath);
        foreach (var missing in context.Cgroups.Missing)
            log.LogWarning("VMs are not limited as they should be: {Missing}", missing);
        vms = new VmHost(context);
        await vms.AdoptAllAsync();

        // :: Step 6
        var sweeper = new VmSweeper(vms, context);
        await sweeper.SweepNetworkAsync(cancellationToken);
        await sweeper.SweepAsync();

        facts = FactsOf(hypervisors);
        care = new NodeCare(vms, sweeper, context, settings, logs);
        log.LogInformation("Node {Node} is up with {Count} VMs", NodeId, vms.List().Count);
    }

    private void OpenNetwork()
    {
        outside = Options.HostNamespace is { } path ? NetworkNamespace.Open(path) : NetworkNamespace.Current();
        network = new NodeNetwork(NodeId, settings.Network.Value, outside, logs.CreateLogger<NodeNetwork>());
    }

    private VmContext Context(GuestSystemFiles guest, NodeHypervisors hypervisors, Func<string, string?> findRoot) => new()
    {
        Layout = claim.Layout,
        Network = network!,
        Disks = new OverlayDisks(settings.Disks.Value),
        Cgroups = Cgroups.Detect(NodeId),
        Guest = guest,
        FindRoot = findRoot,
        Hypervisors = hypervisors.Drivers,
        Groups = hypervisors.Groups,
        BootDeadline = Options.BootDeadline ?? hypervisors.DefaultBootDeadline,
        Time = time,
        Log = logs.CreateLogger<VmHost>(),
        Board = new VmBoard(),
        Addresses = new VmAddressBook(network!),
    };

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
        };
    }

    private static NodeException NotStarted() => new(NodeErrorKind.Unavailable, "The node has not started yet.");
}

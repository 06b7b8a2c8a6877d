using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>
/// A host without a hypervisor. It keeps VMs, images and logs in memory and outlives the silos that use it, as a real
/// host outlives our process. What its users must survive, and its <see cref="Faults"/> bring about:
/// <list type="bullet">
/// <item>an order that fails before it has done anything, and one that fails after it has done everything;</item>
/// <item>an order that never returns (<see cref="FaultPlan.HoldOnce"/>), also when its silo dies meanwhile;</item>
/// <item>news that comes late, twice, or only in its latest form;</item>
/// <item>a guest that ends by itself, at any time, also before its start was answered (<see cref="SimulatedVms.Exit"/>);</item>
/// <item>an order of an owner that is not the owner any more (refused: the ledger holds the epoch);</item>
/// <item>VMs that were lost (<see cref="SimulatedVms.Lose"/>) and roots that were lost (<see cref="SimulatedImages.Lose"/>).</item>
/// </list>
/// </summary>
public sealed class SimulatedNode : INode, IDisposable
{
    private readonly SimulatedVms _vms;
    private readonly SimulatedImages _images;

    public SimulatedNode(string id, TimeProvider? time = null)
    {
        Facts = new NodeFacts
        {
            NodeId = id,
            Hostname = id,
            Hypervisors = ["qemu"],
            Accelerator = "tcg",
            Platform = "linux/amd64",
            Cpus = 4,
            // Room for what all tests that share one node make.
            MemoryBytes = 1L << 40,
            DiskBytes = 1L << 50,
        };
        _images = new SimulatedImages(Faults);
        _vms = new SimulatedVms(Faults, _images, time ?? TimeProvider.System);
    }

    public FaultPlan Faults { get; } = new();

    /// <summary>May be replaced before the node is used.</summary>
    public NodeFacts Facts { get; set; }

    public SimulatedVms Vms => _vms;

    public SimulatedImages Images => _images;

    public ISnapshotHost Snapshots => _vms;

    public void Dispose() => _images.Dispose();

    IVmHost INode.Vms => _vms;

    IImageHost INode.Images => _images;
}

using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.NodeRuntime.Nodes;

/// <summary>
/// One host, as the grains that live on it see it. There are two: the real one, and the simulated one of the tests;
/// one conformance suite holds for both.
/// </summary>
public interface INode
{
    NodeFacts Facts { get; }
    IVmHost Vms { get; }
    ISnapshotHost Snapshots { get; }
    IImageHost Images { get; }
}

/// <summary>What a host has, found out at start.</summary>
public sealed record NodeFacts
{
    /// <summary>Made once, kept in the data directory.</summary>
    public required string NodeId { get; init; }

    public required string Hostname { get; init; }

    /// <summary>Names of the hypervisors that work, the default first.</summary>
    public required IReadOnlyList<string> Hypervisors { get; init; }

    /// <summary><c>kvm</c> or <c>tcg</c>, found by running a guest, not by looking at a device file.</summary>
    public required string Accelerator { get; init; }

    /// <summary>For example <c>linux/amd64</c>.</summary>
    public required string Platform { get; init; }

    public required int Cpus { get; init; }
    public required long MemoryBytes { get; init; }
    public required long DiskBytes { get; init; }

    /// <summary>What its operator says of it.</summary>
    public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();
}

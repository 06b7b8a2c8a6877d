namespace Hypeman.Contracts.Nodes;

/// <summary>What the fleet knows about a node; its summary in the resource index.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.node-info")]
public sealed record NodeInfo
{
    /// <summary>Made once, kept in the node's data directory; also the name of its silo.</summary>
    [Id(0)] public required string Id { get; init; }

    [Id(1)] public required string Hostname { get; init; }
    [Id(2)] public required string Version { get; init; }

    /// <summary>Names of the hypervisors that work here, the default first.</summary>
    [Id(3)] public required IReadOnlyList<string> Hypervisors { get; init; }

    /// <summary><c>kvm</c> or <c>tcg</c>: what was tried and works, not what device files promise.</summary>
    [Id(4)] public required string Accelerator { get; init; }

    [Id(5)] public required string Platform { get; init; }
    [Id(6)] public required int Cpus { get; init; }
    [Id(7)] public required long MemoryBytes { get; init; }
    [Id(8)] public required long DiskBytes { get; init; }

    /// <summary>Where members of the fleet reach this node's blobs and instances, <c>10.0.0.5:7443</c>; null: nowhere.</summary>
    [Id(9)] public string? PeerAddress { get; init; }

    /// <summary>What its operator says of it, for placement.</summary>
    [Id(10)] public IReadOnlyDictionary<string, string> Labels { get; init; } = new Dictionary<string, string>();

    [Id(11)] public NodeAdmission Admission { get; init; }

    /// <summary>Set when it was removed.</summary>
    [Id(12)] public DateTimeOffset? RemovedAt { get; init; }

    /// <summary>The drain under way, or the last one; null when there was none since it last took instances.</summary>
    [Id(13)] public NodeDrain? Drain { get; init; }
}

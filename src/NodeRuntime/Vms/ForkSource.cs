namespace Hypeman.NodeRuntime.Vms;

/// <summary>What a new VM is a copy of: a snapshot of this host, or a VM of it as it is now.</summary>
public sealed record ForkSource
{
    private ForkSource() { }

    /// <summary>Null: it is a VM.</summary>
    public string? SnapshotId { get; private init; }

    public string? VmId { get; private init; }

    /// <summary>Of the VM's owner.</summary>
    public long Epoch { get; private init; }

    public static ForkSource Snapshot(string id) => new() { SnapshotId = id };

    public static ForkSource Vm(string id, long epoch) => new() { VmId = id, Epoch = epoch };
}

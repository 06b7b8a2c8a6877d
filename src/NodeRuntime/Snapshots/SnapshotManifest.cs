using Hypeman.NodeRuntime.Vms;

namespace Hypeman.NodeRuntime.Snapshots;

/// <summary>What a snapshot consists of. Written last: where it is, the snapshot is whole.</summary>
public sealed record SnapshotManifest
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>What was run; with memory, the boot it has.</summary>
    public required VmSpec Spec { get; init; }

    public required string Hypervisor { get; init; }

    /// <summary>Null when it is the disk alone.</summary>
    public SavedMemory? Memory { get; init; }
}

using Hypeman.GuestProtocol.Messages;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>All that a node needs to run one VM. Sizes in bytes, rates in bytes per second, zero means no limit.</summary>
public sealed record VmSpec
{
    /// <summary>The instance's id.</summary>
    public required string Id { get; init; }

    public required long Epoch { get; init; }

    /// <summary>Number of this boot, given by the owner; repeating an order repeats the number.</summary>
    public required long Boot { get; init; }

    /// <summary>One of <c>NodeFacts.Hypervisors</c>; null takes the default.</summary>
    public string? Hypervisor { get; init; }

    public required int Vcpus { get; init; }
    public required long MemoryBytes { get; init; }
    public required long OverlayBytes { get; init; }

    /// <summary>Manifest digest of the image whose root is the read-only disk.</summary>
    public required string RootDigest { get; init; }

    public required string Hostname { get; init; }

    /// <summary>What runs in the guest, and how.</summary>
    public required GuestProgram Program { get; init; }

    public bool NetworkEnabled { get; init; } = true;
    public long DownloadBytesPerSecond { get; init; }
    public long UploadBytesPerSecond { get; init; }
    public long DiskBytesPerSecond { get; init; }
    public bool SkipGuestAgent { get; init; }

    /// <summary>For a VM that began as a copy of another one, see <see cref="GuestProtocol.Boot.GuestBootConfig.MachineId"/>.</summary>
    public string? MachineId { get; init; }
}

public enum VmPhase
{
    /// <summary>Held here, no process.</summary>
    Stopped,

    /// <summary>The process runs; the guest's program or its agent is not ready yet.</summary>
    Booting,

    /// <summary>The program was started and the agent, unless left out, answers.</summary>
    Running,

    /// <summary>The processors are halted while the memory is being saved.</summary>
    Paused,

    /// <summary>No process; memory and devices are saved and can be restored.</summary>
    Standby,

    /// <summary>The guest has ended, the process is being cleaned up.</summary>
    Ending,

    /// <summary>The process is there and does not answer.</summary>
    Unknown,

    /// <summary>Its files are on their way from elsewhere; it cannot be started yet.</summary>
    Arriving,
}

/// <summary>What this host sees of one VM. Stands for itself: no earlier status is needed to read it.</summary>
public sealed record VmStatus
{
    public required string Id { get; init; }
    public required long Epoch { get; init; }
    public required long Boot { get; init; }
    public required VmPhase Phase { get; init; }

    /// <summary>Whether a VM ran for this boot. One that is Stopped without it never was: its start was undone.</summary>
    public required bool HasRun { get; init; }

    /// <summary>Why the phase is Unknown, or why the last start, standby or restore failed.</summary>
    public string? Error { get; init; }

    public string? Ip { get; init; }
    public string? Mac { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? ExitedAt { get; init; }

    /// <summary>Of the guest's program in the last boot; null while it runs, or when it left no word (it was killed with its VM).</summary>
    public int? ExitCode { get; init; }

    public string? ExitMessage { get; init; }

    /// <summary>How often this boot went on from standby, or was tried to: a status with a higher number is a later one.</summary>
    public int Restores { get; init; }

    /// <summary>What the last standby saved; kept while the VM runs on from it, null before the first and after a stop.</summary>
    public SavedMemory? Saved { get; init; }

    /// <summary>
    /// Milliseconds of the last order. Of a start: <c>network</c>, <c>overlay</c> and <c>config</c> (at the same time),
    /// <c>open</c>, <c>spawn</c>, <c>control</c>: what that step took; <c>program</c> and <c>agent</c>: from the order until it
    /// was there. Of a snapshot: <c>sessions</c>, <c>pause</c>, <c>devices</c>, <c>memory</c>, <c>disk</c>, <c>sync</c>.
    /// Of a standby: <c>sessions</c>, <c>pause</c>, <c>devices</c>, <c>memory</c>, <c>sync</c>, <c>end</c>. Of a restore:
    /// <c>network</c>, <c>open</c>, <c>spawn</c>, <c>control</c>, <c>pages</c>, <c>changes</c>, <c>incoming</c>, <c>resume</c>, and
    /// <c>agent</c> from the order until it had set the clock.
    /// </summary>
    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();
}

/// <summary>The sizes of a VM's saved memory, in bytes that it takes on the disk of this host.</summary>
/// <param name="SavedAt">When the guest stood still.</param>
/// <param name="WrittenBytes">By the standby itself: all of it the first time, later what has changed.</param>
/// <param name="BaseBytes">The file that the memory is mapped from, which others may share.</param>
/// <param name="ChangesBytes">Pages that differ from the base.</param>
/// <param name="DeviceBytes">The state of processors and devices.</param>
public sealed record SavedMemory(
    DateTimeOffset SavedAt, long WrittenBytes, long BaseBytes, long ChangesBytes, long DeviceBytes);

using System.Text.Json.Serialization;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Memory;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>How far the last order came. Written before the step it names is begun.</summary>
internal enum VmStage
{
    /// <summary>No process, no TAP.</summary>
    Stopped,

    /// <summary>Being started: anything between nothing and a process may be there.</summary>
    Starting,

    /// <summary>Started; its process is in the record.</summary>
    Started,

    /// <summary>
    /// Being saved: its process may run or be paused, or may have been lost. A new generation of its memory that is whole
    /// is as good as the process.
    /// </summary>
    Saving,

    /// <summary>The generation in the record is whole. A process of it that is still there is of no use any more.</summary>
    Standby,

    /// <summary>Being restored: anything between nothing and a process that stands still may be there.</summary>
    Restoring,

    /// <summary>
    /// Its process is to run, or does already: there is no way back to what was saved, for the disk may be ahead of it.
    /// Its guest must yet be told the time.
    /// </summary>
    Resuming,

    /// <summary>Being removed: anything may be gone already.</summary>
    Deleting,

    /// <summary>Its files are on their way from elsewhere: anything between nothing and all of them may be there.</summary>
    Arriving,

    /// <summary>A snapshot that is whole lies in its directory, and takes the place of the files that were its own.</summary>
    Adopting,
}

/// <summary>What this host knows of one VM: enough to take it up again after a crash, without asking anyone.</summary>
internal sealed record VmRecord
{
    public const int CurrentVersion = 1;

    public int Version { get; init; } = CurrentVersion;

    /// <summary>Of the owner whose orders are obeyed; lower ones are refused.</summary>
    public required long Epoch { get; init; }

    /// <summary>The last start order.</summary>
    public required VmSpec Spec { get; init; }

    public required VmStage Stage { get; init; }

    /// <summary>Kept from boot to boot.</summary>
    public required string Ip { get; init; }

    /// <summary>Kept from boot to boot.</summary>
    public required string Mac { get; init; }

    /// <summary>The user its VMM runs as, its own.</summary>
    public required uint Uid { get; init; }

    /// <summary>Driver of the last boot.</summary>
    public required string Hypervisor { get; init; }

    /// <summary>Only where there may be one.</summary>
    public ProcessIdentity? Process { get; init; }

    /// <summary>
    /// Number of the memory that it was saved to last. While it runs: of the one it went on from, whose base it maps; null
    /// when it was booted.
    /// </summary>
    public int? Generation { get; init; }

    /// <summary>
    /// What the last snapshot since it booted has made its memory from, or is it: most pages will still be the same. Nothing
    /// keeps it for our sake.
    /// </summary>
    public BaseName? LastBase { get; init; }

    /// <summary>The number that the guest knows its boot by, where it is another than the order's: it was booted as another VM, or earlier.</summary>
    public long? GuestBoot { get; init; }

    /// <summary>The events of this boot carry it.</summary>
    [JsonIgnore]
    public long EventsBoot => GuestBoot ?? Spec.Boot;

    /// <summary>Who the guest knows itself to be (<see cref="VmIdentity.TextOf"/>); null: it is to be told when it wakes.</summary>
    public string? KnownAs { get; init; }

    /// <summary>How often this boot went on from standby, or was tried to.</summary>
    public int Restores { get; init; }

    /// <summary>What that took.</summary>
    public SavedMemory? Saved { get; init; }

    /// <summary>The last boot whose process ran; repeating its order starts nothing.</summary>
    public long? StartedBoot { get; init; }

    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? ExitedAt { get; init; }
    public int? ExitCode { get; init; }
    public string? ExitMessage { get; init; }

    /// <summary>Why the last start, standby or restore failed.</summary>
    public string? Error { get; init; }

    /// <summary>Milliseconds that the steps of the last order took.</summary>
    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();
}

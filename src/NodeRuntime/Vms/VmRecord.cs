using Hypeman.NodeRuntime.Linux;

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

    /// <summary>Being removed: anything may be gone already.</summary>
    Deleting,

    /// <summary>Its files are on their way from another host: anything between nothing and all of them may be there.</summary>
    Arriving,
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

    /// <summary>Only while Started.</summary>
    public ProcessIdentity? Process { get; init; }

    /// <summary>The last boot whose process ran; repeating its order starts nothing.</summary>
    public long? StartedBoot { get; init; }

    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? ExitedAt { get; init; }
    public int? ExitCode { get; init; }
    public string? ExitMessage { get; init; }

    /// <summary>Why the last start failed.</summary>
    public string? Error { get; init; }

    /// <summary>Milliseconds that the steps of the last start took.</summary>
    public IReadOnlyDictionary<string, double> Timings { get; init; } = new Dictionary<string, double>();
}

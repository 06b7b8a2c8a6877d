using System.Text.Json.Serialization;
using Hypeman.Contracts.Instances;

namespace Hypeman.Grains.Instances;

/// <summary>What a node can see of a VM.</summary>
[JsonConverter(typeof(JsonStringEnumConverter<ObservedPhase>))]
internal enum ObservedPhase
{
    /// <summary>The node holds no such VM (yet).</summary>
    Absent,
    Booting,
    Running,
    Standby,
    Ending,
    Stopped,
    Unknown,

    /// <summary>It stands still while its memory is saved; then it is in standby, or runs on.</summary>
    Paused,
}

/// <summary>What the node last saw of the instance's VM.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.observed-vm")]
internal sealed record ObservedVm
{
    public static ObservedVm None { get; } = new() { Phase = ObservedPhase.Absent };

    [Id(0)] public required ObservedPhase Phase { get; init; }
    [Id(1)] public long Epoch { get; init; }
    [Id(2)] public long Boot { get; init; }
    [Id(3)] public string? Error { get; init; }
    [Id(4)] public string? Ip { get; init; }
    [Id(5)] public string? Mac { get; init; }
    [Id(6)] public DateTimeOffset? StartedAt { get; init; }
    [Id(7)] public DateTimeOffset? ExitedAt { get; init; }
    [Id(8)] public int? ExitCode { get; init; }
    [Id(9)] public string? ExitMessage { get; init; }

    /// <summary>How many restores this boot has seen.</summary>
    [Id(10)] public int Restores { get; init; }

    public static ObservedVm Of(VmObservation news) => new()
    {
        Phase = news.Phase switch
        {
            InstancePhase.Created or InstancePhase.Initializing => ObservedPhase.Booting,
            InstancePhase.Running => ObservedPhase.Running,
            InstancePhase.Shutdown => ObservedPhase.Ending,
            InstancePhase.Paused => ObservedPhase.Paused,
            InstancePhase.Standby => ObservedPhase.Standby,
            InstancePhase.Stopped => ObservedPhase.Stopped,
            InstancePhase.Unknown => ObservedPhase.Unknown,
        },
        Epoch = news.Epoch,
        Boot = news.Boot,
        Error = news.Error,
        Ip = news.Ip,
        Mac = news.Mac,
        StartedAt = news.StartedAt,
        ExitedAt = news.ExitedAt,
        ExitCode = news.ExitCode,
        ExitMessage = news.ExitMessage,
        Restores = news.Restores,
    };

    /// <summary>
    /// Whether this stands for a later moment than <paramref name="earlier"/>. Between a boot or a restore and the next one
    /// a VM only goes on; a status that says otherwise was overtaken on its way. Unknown and Paused may come and go until
    /// the VM is in standby or has ended.
    /// </summary>
    public bool Follows(ObservedVm earlier)
    {
        var (run, before) = ((Epoch, Boot, Restores), (earlier.Epoch, earlier.Boot, earlier.Restores));
        if (run != before)
            return run.CompareTo(before) > 0;
        return (Phase, earlier.Phase) switch
        {
            (_, ObservedPhase.Unknown or ObservedPhase.Paused) => true,
            (ObservedPhase.Unknown, _) => earlier.Phase != ObservedPhase.Stopped,
            (ObservedPhase.Paused, _) => earlier.Phase is not (ObservedPhase.Standby or ObservedPhase.Ending or ObservedPhase.Stopped),
            _ => Phase >= earlier.Phase,
        };
    }
}

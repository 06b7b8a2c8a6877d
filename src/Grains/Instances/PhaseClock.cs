using System.Collections.Immutable;
using System.Text.Json.Serialization;
using Hypeman.Contracts.Instances;

namespace Hypeman.Grains.Instances;

/// <summary>How long an instance has been in each phase of its life.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.phase-clock")]
internal sealed record PhaseClock
{
    [Id(0), JsonConverter(typeof(JsonStringEnumConverter<InstancePhase>))]
    public required InstancePhase Phase { get; init; }

    [Id(1)] public required DateTimeOffset Since { get; init; }

    /// <summary>Milliseconds by lower-case phase name, without the present stay.</summary>
    [Id(2)] public IReadOnlyDictionary<string, long> SpentMs { get; init; } = ImmutableDictionary<string, long>.Empty;

    public static PhaseClock Begin(InstancePhase phase, DateTimeOffset now) => new() { Phase = phase, Since = now };

    /// <summary>Goes over to a phase; staying in the same one changes nothing.</summary>
    public PhaseClock To(InstancePhase phase, DateTimeOffset now)
    {
        if (phase == Phase)
            return this;
        // A clock that was set back must not take away what was spent.
        var stayMs = Math.Max(0, (long)(now - Since).TotalMilliseconds);
        var spent = new Dictionary<string, long>(SpentMs);
        var name = NameOf(Phase);
        spent[name] = spent.GetValueOrDefault(name) + stayMs;
        return new PhaseClock { Phase = phase, Since = now, SpentMs = spent };
    }

    private static string NameOf(InstancePhase phase) => phase switch
    {
        InstancePhase.Created => "created",
        InstancePhase.Initializing => "initializing",
        InstancePhase.Running => "running",
        InstancePhase.Paused => "paused",
        InstancePhase.Shutdown => "shutdown",
        InstancePhase.Stopped => "stopped",
        InstancePhase.Standby => "standby",
        InstancePhase.Unknown => "unknown",
    };
}

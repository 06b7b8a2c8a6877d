using System.Globalization;
using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Contracts.Snapshots.Schedules;

namespace Hypeman.Grains.Snapshots.Schedules;

/// <summary>
/// When a schedule runs, what it takes then and what it lets go of. Pure.
/// <code>
///   waits ── its time has come: the run is written, with the next time ──▶ runs ── taken, or not ──▶ waits
/// </code>
/// Of the runs that were missed while nobody could make them one is made up for.
/// </summary>
internal static class ScheduleDecision
{
    private const string StandardPrefix = "scheduled";

    /// <summary>Clocks of two hosts may differ by this much; a run that is this near is due.</summary>
    private static readonly TimeSpan Tolerance = TimeSpan.FromSeconds(5);

    private static readonly TimeSpan LongestPatience = TimeSpan.FromMinutes(2);

    /// <summary>The longest that a run which nobody made is not noticed.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromMinutes(10);

    public static ScheduleState Set(ScheduleState? state, string instanceId, ScheduleSpec spec, DateTimeOffset now) => state switch
    {
        null => new ScheduleState
        {
            InstanceId = instanceId,
            Spec = spec,
            CreatedAt = now,
            UpdatedAt = now,
            NextRunAt = now + spec.Interval,
        },
        _ when state.Spec.Interval != spec.Interval => state with { Spec = spec, UpdatedAt = now, NextRunAt = now + spec.Interval },
        _ => state with { Spec = spec, UpdatedAt = now },
    };

    /// <summary>Begins a run when one is due and none is under way; else the same state.</summary>
    public static ScheduleState Begin(ScheduleState state, DateTimeOffset now)
    {
        if (state.Run is not null || state.NextRunAt - Tolerance > now)
            return state;
        var next = state.NextRunAt;
        var missed = now > next ? (now - next).Ticks / state.Spec.Interval.Ticks : 0;
        return state with
        {
            Run = new ScheduleRun(ResourceId.New(), now),
            NextRunAt = next + (missed + 1) * state.Spec.Interval,
        };
    }

    /// <summary>The run has ended.</summary>
    /// <param name="state">Before.</param>
    /// <param name="run">Which.</param>
    /// <param name="error">Why it took none; null when it did.</param>
    public static ScheduleState End(ScheduleState state, ScheduleRun run, string? error) => state.Run != run ? state : state with
    {
        Run = null,
        LastRunAt = run.At,
        LastSnapshotId = error is null ? run.SnapshotId : state.LastSnapshotId,
        LastError = error,
    };

    /// <summary>How long a run may be tried before it has failed.</summary>
    public static TimeSpan Patience(ScheduleSpec spec) => spec.Interval / 2 < LongestPatience ? spec.Interval / 2 : LongestPatience;

    /// <summary>The pause between two looks at it.</summary>
    public static TimeSpan Pause(ScheduleSpec spec) => spec.Interval < LongestPause ? spec.Interval : LongestPause;

    /// <summary>The next run is not due yet, and would be late if it was not looked at before the next pause is over.</summary>
    public static bool ComesBetweenLooks(ScheduleState state, DateTimeOffset now) =>
        state.NextRunAt - now is var left && left > Tolerance && left < Pause(state.Spec);

    /// <summary>What a run takes of an instance as it is.</summary>
    /// <exception cref="HypemanException"><c>conflict</c>: nothing can be taken of it now.</exception>
    public static SnapshotSpec Wish(ScheduleSpec spec, ScheduleRun run, InstancePhase phase) => new()
    {
        Kind = phase switch
        {
            InstancePhase.Running or InstancePhase.Standby => SnapshotKind.Standby,
            InstancePhase.Stopped => SnapshotKind.Stopped,
            _ => throw new HypemanException(
                ErrorKind.Conflict, "conflict", $"the instance was {phase}, and only one that is Running, Standby or Stopped has a snapshot"),
        },
        Name = $"{spec.NamePrefix ?? StandardPrefix}-{run.At.UtcDateTime.ToString("yyyyMMdd-HHmmss", CultureInfo.InvariantCulture)}",
        Tags = spec.Tags,
        IsScheduled = true,
    };

    /// <summary>Ids of those that the schedule took and does not keep.</summary>
    public static IReadOnlyList<string> Spent(SnapshotRetention retention, IEnumerable<(string Id, DateTimeOffset CreatedAt)> taken, DateTimeOffset now) =>
    [
        .. taken.OrderByDescending(one => one.CreatedAt)
            .Where((one, at) => (retention.MaxCount > 0 && at >= retention.MaxCount) || now - one.CreatedAt > retention.MaxAge)
            .Select(one => one.Id),
    ];
}

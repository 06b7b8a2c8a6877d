using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Contracts.Snapshots.Schedules;
using Hypeman.Grains.Records;
using Hypeman.Grains.Snapshots.Schedules;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Snapshots.Schedules;

/// <summary>When a schedule runs, what it takes then, and what it lets go of.</summary>
public sealed class ScheduleDecisionTests
{
    private static readonly DateTimeOffset Now = Some.Time;
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly ScheduleSpec Spec = new() { Interval = Hour, Retention = new SnapshotRetention { MaxCount = 2 } };

    [Fact]
    public void It_runs_when_its_interval_is_over_and_not_before()
    {
        var state = ScheduleDecision.Set(null, "abc", Spec, Now);

        Assert.Equal(Now + Hour, state.NextRunAt);
        Assert.Same(state, ScheduleDecision.Begin(state, Now + Hour - TimeSpan.FromMinutes(1)));
        var running = ScheduleDecision.Begin(state, Now + Hour);
        Assert.Equal((Now + Hour, Now + 2 * Hour), (running.Run!.At, running.NextRunAt));
        Assert.Same(running, ScheduleDecision.Begin(running, Now + 5 * Hour));
    }

    [Theory]
    [InlineData(60, 120)]
    [InlineData(119, 120)]
    [InlineData(120, 180)]
    [InlineData(601, 660)]
    public void Of_those_that_were_missed_one_is_made_up_for(int minutes, int next)
    {
        var running = ScheduleDecision.Begin(ScheduleDecision.Set(null, "abc", Spec, Now), Now.AddMinutes(minutes));

        Assert.Equal((Now.AddMinutes(minutes), Now.AddMinutes(next)), (running.Run!.At, running.NextRunAt));
    }

    [Fact]
    public void What_came_of_a_run_is_told_and_a_failure_keeps_the_last_good_one()
    {
        var first = ScheduleDecision.Begin(ScheduleDecision.Set(null, "abc", Spec, Now), Now + Hour);
        var good = ScheduleDecision.End(first, first.Run!, error: null);
        var second = ScheduleDecision.Begin(good, Now + 2 * Hour);
        var bad = ScheduleDecision.End(second, second.Run!, "the disk is full");

        Assert.Equal((Now + Hour, first.Run!.SnapshotId, null), (good.LastRunAt, good.LastSnapshotId, good.LastError));
        Assert.Equal((Now + 2 * Hour, first.Run.SnapshotId, "the disk is full"), (bad.LastRunAt, bad.LastSnapshotId, bad.LastError));
        Assert.Same(bad, ScheduleDecision.End(bad, first.Run, error: null));
    }

    [Fact]
    public void Only_another_interval_begins_to_count_anew()
    {
        var state = ScheduleDecision.Set(null, "abc", Spec, Now);

        var renamed = ScheduleDecision.Set(state, "abc", Spec with { NamePrefix = "nightly" }, Now.AddMinutes(10));
        var slower = ScheduleDecision.Set(state, "abc", Spec with { Interval = 2 * Hour }, Now.AddMinutes(10));

        Assert.Equal((Now + Hour, Now, Now.AddMinutes(10)), (renamed.NextRunAt, renamed.CreatedAt, renamed.UpdatedAt));
        Assert.Equal(Now.AddMinutes(130), slower.NextRunAt);
    }

    [Theory]
    [InlineData(InstancePhase.Running, SnapshotKind.Standby)]
    [InlineData(InstancePhase.Standby, SnapshotKind.Standby)]
    [InlineData(InstancePhase.Stopped, SnapshotKind.Stopped)]
    public void The_kind_is_that_of_what_the_instance_is_then(InstancePhase phase, SnapshotKind kind)
    {
        var run = new ScheduleRun("snap", new DateTimeOffset(2026, 3, 9, 2, 0, 7, TimeSpan.Zero));

        var wish = ScheduleDecision.Wish(Spec with { NamePrefix = "nightly", Tags = new Dictionary<string, string> { ["a"] = "b" } }, run, phase);

        Assert.Equal((kind, "nightly-20260309-020007", true, "b"), (wish.Kind, wish.Name, wish.IsScheduled, wish.Tags["a"]));
        Assert.Equal("scheduled-20260309-020007", ScheduleDecision.Wish(Spec, run, phase).Name);
        Assert.Equal(63, ScheduleDecision.Wish(Spec with { NamePrefix = new string('a', 47) }, run, phase).Name!.Length);
    }

    [Fact]
    public void Of_one_that_is_in_no_state_for_it_nothing_is_taken() => Assert.Equal(
        ErrorKind.Conflict, Assert.Throws<HypemanException>(() => ScheduleDecision.Wish(Spec, new ScheduleRun("snap", Now), InstancePhase.Unknown)).Kind);

    [Theory]
    [InlineData(0, null, "")]
    [InlineData(2, null, "c d")]
    [InlineData(0, 90, "b c d")]
    [InlineData(1, 90, "b c d")]
    [InlineData(3, 150, "c d")]
    [InlineData(9, 1000, "")]
    public void What_is_too_many_or_too_old_is_let_go_of(int count, int? minutes, string expected)
    {
        var taken = "dcba".Select(name => (name.ToString(), Now - Hour * (name - 'a' + 1) + TimeSpan.FromMinutes(1))).ToList();
        var retention = new SnapshotRetention { MaxCount = count, MaxAge = minutes is { } age ? TimeSpan.FromMinutes(age) : null };

        Assert.Equal(expected, string.Join(' ', ScheduleDecision.Spent(retention, taken, Now)));
    }

    [Fact]
    public void A_record_of_the_first_version_can_be_read_and_one_of_a_later_is_refused()
    {
        var json = File.ReadAllText(Path.Combine(AppContext.BaseDirectory, "Snapshots", "Schedules", "Golden", "schedule-state-1.json"));

        var state = System.Text.Json.JsonSerializer.Deserialize<Stored<ScheduleState>>(json)!.Value!.Upgraded();

        Assert.Equal(("abc", "s1", new ScheduleRun("s2", Now.AddHours(2))), (state.InstanceId, state.LastSnapshotId, state.Run));
        Assert.Equal((Hour, "hourly", 3, TimeSpan.FromDays(1)),
            (state.Spec.Interval, state.Spec.NamePrefix, state.Spec.Retention.MaxCount, state.Spec.Retention.MaxAge));
        var later = state with { SchemaVersion = ScheduleState.CurrentSchema + 1 };
        Assert.Contains("shape 2", Assert.Throws<InvalidOperationException>(later.Upgraded).Message, StringComparison.Ordinal);
    }
}

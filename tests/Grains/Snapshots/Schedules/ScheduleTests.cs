using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Contracts.Snapshots.Schedules;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.Time.Testing;
using Orleans;
using Orleans.Runtime;

namespace Hypeman.Tests.Grains.Snapshots.Schedules;

/// <summary>Snapshots are taken again and again, once an interval, and the old ones go. Tests are the reminder.</summary>
public sealed class ScheduleTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private static readonly ScheduleSpec Hourly = new()
    {
        Interval = Hour,
        NamePrefix = "hourly",
        Tags = new Dictionary<string, string> { ["by"] = "schedule" },
        Retention = new SnapshotRetention { MaxCount = 2 },
    };

    private readonly FakeTimeProvider _time = new(Some.Time);

    [Fact]
    public async Task It_takes_one_an_interval_of_whatever_kind_the_instance_can_have_then()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await fleet.RunningAsync();
        await fleet.Grains.SnapshotSchedule(id).SetAsync(Hourly);

        await RemindAsync(fleet, id);
        Assert.Empty(await TakenAsync(fleet, id));
        var first = await RunAsync(fleet, id);
        await RemindAsync(fleet, id);
        await fleet.Grains.Instance(id).StopAsync();
        await fleet.RestsAsync(id, InstancePhase.Stopped);
        var second = await RunAsync(fleet, id);

        var taken = await TakenAsync(fleet, id);
        Assert.Equal([second.LastSnapshotId, first.LastSnapshotId], taken.Select(one => one.Id));
        Assert.Equal([SnapshotKind.Stopped, SnapshotKind.Standby], taken.Select(one => one.Spec.Kind));
        Assert.Equal(("hourly-20260301-130000", "schedule"), (taken[1].Spec.Name, taken[1].Spec.Tags["by"]));
        Assert.Equal((Some.Time + Hour, Some.Time + 2 * Hour, null), (first.LastRunAt, first.NextRunAt, first.LastError));
    }

    [Fact]
    public async Task It_lets_go_of_the_oldest_of_its_own_and_of_no_other()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var (id, other) = (await fleet.RunningAsync(), await fleet.RunningAsync());
        var byHand = await fleet.Grains.SnapshotFactory().TakeAsync(id, new SnapshotSpec { Kind = SnapshotKind.Standby });
        await IsReadyAsync(fleet, byHand.Id);
        await fleet.Grains.SnapshotSchedule(id).SetAsync(Hourly);
        await fleet.Grains.SnapshotSchedule(other).SetAsync(Hourly);
        await RunAsync(fleet, other);

        var runs = new List<ScheduleInfo>();
        for (var run = 0; run < 4; run++)
            runs.Add(await RunAsync(fleet, id));

        await Until.True(async () => (await TakenAsync(fleet, id)).Count == 2, TestFleet.Patience, "two are kept");
        Assert.Equal([runs[3].LastSnapshotId, runs[2].LastSnapshotId], (await TakenAsync(fleet, id)).Select(one => one.Id));
        Assert.Equal(SnapshotPhase.Ready, (await fleet.Grains.Snapshot(byHand.Id).GetAsync()).Phase);
        Assert.Single(await TakenAsync(fleet, other));
    }

    [Fact]
    public async Task A_run_that_its_silo_did_not_survive_is_carried_on_and_takes_one()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await fleet.RunningAsync();
        await fleet.Grains.SnapshotSchedule(id).SetAsync(Hourly);
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.SnapshotBegins);
        _time.Advance(Hour);
        await RemindAsync(fleet, id);
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await fleet.KillSiloAsync(fleet.Node);
        hold.Abandon();
        await fleet.StartSiloAsync(fleet.Node);
        await fleet.RestsAsync(id, InstancePhase.Running);

        await Until.True(
            async () =>
            {
                await RemindAsync(fleet, id);
                return (await InfoAsync(fleet, id))?.LastRunAt == Some.Time + Hour;
            },
            TestFleet.Patience, "the run has ended");
        Assert.Equal((await InfoAsync(fleet, id))!.LastSnapshotId, Assert.Single(await TakenAsync(fleet, id)).Id);
    }

    [Fact]
    public async Task A_run_that_fails_says_why_and_the_next_one_comes_in_its_time()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await fleet.RunningAsync();
        await fleet.Grains.SnapshotSchedule(id).SetAsync(Hourly);
        fleet.Node.Faults.FailOnce(NodeStep.SnapshotBegins, NodeErrorKind.InsufficientResources);

        var failed = await RunAsync(fleet, id);
        var good = await RunAsync(fleet, id);

        Assert.Null(failed.LastSnapshotId);
        Assert.Contains("was made to fail", failed.LastError, StringComparison.Ordinal);
        Assert.Equal((Some.Time + 2 * Hour, null), (good.LastRunAt, good.LastError));
        Assert.Equal(good.LastSnapshotId, Assert.Single(await TakenAsync(fleet, id)).Id);
    }

    [Fact]
    public async Task It_outlives_its_instance_until_its_snapshots_are_gone()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await fleet.RunningAsync();
        await fleet.Grains.SnapshotSchedule(id).SetAsync(Hourly with { Retention = new SnapshotRetention { MaxAge = 3 * Hour } });
        await RunAsync(fleet, id);
        await fleet.Grains.Instance(id).DeleteAsync(graceful: true);
        await fleet.IsGoneAsync(id);

        _time.Advance(Hour);
        await RemindAsync(fleet, id);
        var still = await InfoAsync(fleet, id);
        _time.Advance(3 * Hour);
        await RemindAsync(fleet, id);
        await Until.True(async () => (await TakenAsync(fleet, id)).Count == 0, TestFleet.Patience, "its snapshot is gone");

        Assert.Equal(Some.Time + Hour, still?.LastRunAt);
        await Until.True(
            async () =>
            {
                await RemindAsync(fleet, id);
                return await InfoAsync(fleet, id) is null;
            },
            TestFleet.Patience, "the schedule is gone");
    }

    [Fact]
    public async Task One_that_was_deleted_runs_no_more_and_its_snapshots_stay()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await fleet.RunningAsync();
        await fleet.Grains.SnapshotSchedule(id).SetAsync(Hourly);
        await RunAsync(fleet, id);

        await fleet.Grains.SnapshotSchedule(id).DeleteAsync();
        _time.Advance(5 * Hour);
        await RemindAsync(fleet, id);

        Assert.Null(await InfoAsync(fleet, id));
        Assert.Single(await TakenAsync(fleet, id));
        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.Grains.SnapshotSchedule(id).DeleteAsync());
        Assert.Equal("not_found", refused.Code);
    }

    /// <summary>As Orleans does when the reminder's time has come.</summary>
    private static Task RemindAsync(TestFleet fleet, string id) =>
        fleet.Grains.SnapshotSchedule(id).AsReference<IRemindable>().ReceiveReminder("run", default);

    /// <summary>Moves the time by an interval and waits until the run has ended.</summary>
    private async Task<ScheduleInfo> RunAsync(TestFleet fleet, string id)
    {
        var due = (await fleet.Grains.SnapshotSchedule(id).GetAsync()).NextRunAt;
        if (due > _time.GetUtcNow())
            _time.Advance(due - _time.GetUtcNow());
        var now = _time.GetUtcNow();
        await RemindAsync(fleet, id);
        ScheduleInfo? info = null;
        await Until.True(async () => (info = await InfoAsync(fleet, id))?.LastRunAt == now, TestFleet.Patience, "the run has ended");
        return info!;
    }

    private static async Task<ScheduleInfo?> InfoAsync(TestFleet fleet, string id)
    {
        try
        {
            return await fleet.Grains.SnapshotSchedule(id).GetAsync();
        }
        catch (HypemanException none) when (none.Code == "not_found")
        {
            return null;
        }
    }

    /// <summary>Those that the schedule of an instance took, the newest first.</summary>
    private static async Task<List<SnapshotInfo>> TakenAsync(TestFleet fleet, string id)
    {
        var query = new ResourceQuery(ResourceKind.Snapshot) { Tags = new Dictionary<string, string> { [SnapshotInfo.ScheduleTag] = id } };
        var taken = await fleet.Index.ListAsync(query).Select(ResourceSummary.Read<SnapshotInfo>).ToListAsync();
        return [.. taken.OrderByDescending(one => one.CreatedAt)];
    }

    private static Task IsReadyAsync(TestFleet fleet, string id) => Until.True(
        async () => (await fleet.Grains.Snapshot(id).GetAsync()).Phase == SnapshotPhase.Ready, TestFleet.Patience, "the snapshot is taken");
}

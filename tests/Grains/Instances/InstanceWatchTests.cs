using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances;

public sealed class InstanceWatchTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Fact]
    public async Task A_watch_begins_with_what_is_and_ends_when_the_instance_is_gone()
    {
        var instance = await Fleet.CreateAsync();
        using var patience = new CancellationTokenSource(TestFleet.Patience);
        var deleting = false;
        var seen = new List<InstanceInfo>();

        await foreach (var info in instance.WatchAsync(patience.Token).WithCancellation(patience.Token))
        {
            seen.Add(info);
            if (info is { Phase: InstancePhase.Running, Operation: null } && !deleting)
            {
                deleting = true;
                await instance.DeleteAsync(graceful: true);
            }
        }

        Assert.True(deleting);
        Assert.Equal("delete", seen[^1].Operation);
        Assert.Equal(seen.OrderBy(info => info.PhaseSince), seen);
    }

    [Fact]
    public async Task Who_follows_an_operation_is_told_its_outcome_alone()
    {
        var instance = await Fleet.CreateAsync();
        using var patience = new CancellationTokenSource(TestFleet.Patience);

        var booted = Assert.Single(await instance.FollowAsync(InstanceGoal.Boot, patience.Token).ToListAsync(patience.Token));
        await instance.StopAsync();
        var stopped = Assert.Single(await instance.FollowAsync(InstanceGoal.Stop, patience.Token).ToListAsync(patience.Token));
        await instance.DeleteAsync(graceful: false);
        var last = await instance.FollowAsync(InstanceGoal.Delete, patience.Token).ToListAsync(patience.Token);

        Assert.Equal(Progress.Done, InstanceGoal.Boot.ProgressOf(booted));
        Assert.Equal((InstancePhase.Stopped, null), (stopped.Phase, stopped.Operation));
        Assert.All(last, info => Assert.Equal("delete", info.Operation));
    }

    [Fact]
    public async Task Who_watches_a_create_that_fails_is_told_why_before_the_end()
    {
        var hold = Fleet.Node.Faults.HoldOnce(NodeStep.StartBegins);
        Fleet.Node.Faults.FailOnce(NodeStep.StartBegins, NodeErrorKind.Invalid);
        var blocker = await Fleet.CreateAsync();
        await hold.Reached.WaitAsync(TestFleet.Patience);
        var instance = await Fleet.CreateAsync();
        using var patience = new CancellationTokenSource(TestFleet.Patience);
        InstanceInfo? last = null;
        var attempts = 0;

        try
        {
            await foreach (var info in instance.WatchAsync(patience.Token).WithCancellation(patience.Token))
                (last, attempts) = (info, attempts + 1);
        }
        catch (HypemanException gone) when (gone.Kind == ErrorKind.NotFound && attempts == 0)
        {
            // It was over before the watch began; that is an answer too.
        }

        hold.Release();
        await blocker.DeleteAsync(graceful: false);
        Assert.True(last is null || last.Failure?.Kind == ErrorKind.InvalidRequest);
    }

    [Fact]
    public async Task There_is_nothing_to_watch_where_there_is_no_instance()
    {
        var error = await Assert.ThrowsAsync<HypemanException>(async () =>
        {
            await foreach (var _ in Fleet.Grains.Instance("nothing").WatchAsync(CancellationToken.None))
                continue;
        });

        Assert.Equal(ErrorKind.NotFound, error.Kind);
    }
}

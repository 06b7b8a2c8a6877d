using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>A node that never answers. Only our time is moved; Orleans keeps its own.</summary>
public sealed class InstanceDeadlineTests
{
    private static readonly TimeSpan Long = TimeSpan.FromMinutes(15);

    private readonly FakeTimeProvider _time = new(Some.Time);

    [Fact]
    public async Task A_create_that_hangs_is_undone_after_its_deadline()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var start = fleet.Node.Faults.HoldOnce(NodeStep.StartBegins);
        var delete = fleet.Node.Faults.HoldOnce(NodeStep.DeleteBegins);
        var created = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec());
        await start.Reached.WaitAsync(TestFleet.Patience);

        _time.Advance(Long);

        await delete.Reached.WaitAsync(TestFleet.Patience);
        var failure = (await fleet.Grains.Instance(created.Id).GetAsync()).Failure;
        Assert.Equal((ErrorKind.TimedOut, "timeout"), (failure?.Kind, failure?.Code));
        delete.Release();
        await fleet.IsGoneAsync(created.Id);
    }

    [Fact]
    public async Task A_stop_that_hangs_is_begun_anew()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var created = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec());
        await fleet.RestsAsync(created.Id, InstancePhase.Running);
        var stop = fleet.Node.Faults.HoldOnce(NodeStep.StopBegins);
        await fleet.Grains.Instance(created.Id).StopAsync();
        await stop.Reached.WaitAsync(TestFleet.Patience);

        _time.Advance(Long);

        await fleet.RestsAsync(created.Id, InstancePhase.Stopped);
    }

    [Fact]
    public async Task A_guest_that_never_gets_ready_is_said_to_be_late()
    {
        await using var fleet = await TestFleet.StartAsync(prepare: node => node.Vms.BootByItself = false, time: _time);
        var created = await fleet.Grains.InstanceFactory().CreateAsync(Some.Spec());
        await fleet.RestsAsync(created.Id, InstancePhase.Initializing);

        _time.Advance(Long);

        await Testing.Until.True(
            async () => (await fleet.TryGetAsync(created.Id))?.StateError is not null, TestFleet.Patience, "the guest is said to be late");
        fleet.Node.Vms.Boot(created.Id);
        Assert.Null((await fleet.RestsAsync(created.Id, InstancePhase.Running)).StateError);
    }
}

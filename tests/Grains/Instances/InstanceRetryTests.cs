using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;

namespace Hypeman.Tests.Grains.Instances;

/// <summary>A node that fails, hangs and forgets, and commands that cross each other.</summary>
public sealed class InstanceRetryTests(FleetFixture fixture) : IClassFixture<FleetFixture>
{
    private TestFleet Fleet => fixture.Fleet;

    [Theory]
    [InlineData(NodeStep.StartBegins)]
    [InlineData(NodeStep.StartDone)]
    public async Task A_create_that_fails_in_passing_is_tried_again(NodeStep step)
    {
        Fleet.Node.Faults.FailOnce(step);

        var info = await Fleet.RestsAsync(await CreatedAsync(), InstancePhase.Running);

        Assert.Null(info.Failure);
    }

    [Theory]
    [InlineData(NodeStep.StartBegins)]
    [InlineData(NodeStep.StartDone)]
    public async Task A_create_that_cannot_work_is_undone_and_says_why(NodeStep step)
    {
        var hold = Fleet.Node.Faults.HoldOnce(NodeStep.DeleteBegins);
        Fleet.Node.Faults.FailOnce(step, NodeErrorKind.DependencyMissing);
        var id = await CreatedAsync();

        await hold.Reached.WaitAsync(TestFleet.Patience);
        var failure = (await Fleet.Grains.Instance(id).GetAsync()).Failure;
        hold.Release();

        Assert.Equal((ErrorKind.Internal, "dependency_missing"), (failure?.Kind, failure?.Code));
        await Fleet.IsGoneAsync(id);
    }

    [Theory]
    [InlineData(NodeStep.StopBegins, NodeErrorKind.Unavailable)]
    [InlineData(NodeStep.StopDone, NodeErrorKind.Internal)]
    public async Task A_stop_that_fails_is_tried_again(NodeStep step, NodeErrorKind kind)
    {
        var id = await RunningAsync();
        Fleet.Node.Faults.FailOnce(step, kind);

        await Fleet.Grains.Instance(id).StopAsync();

        Assert.Null((await Fleet.RestsAsync(id, InstancePhase.Stopped)).Failure);
    }

    [Theory]
    [InlineData(NodeStep.DeleteBegins)]
    [InlineData(NodeStep.DeleteDone)]
    public async Task A_delete_that_fails_is_tried_again(NodeStep step)
    {
        var id = await RunningAsync();
        Fleet.Node.Faults.FailOnce(step, NodeErrorKind.Internal);

        await Fleet.Grains.Instance(id).DeleteAsync(graceful: false);

        await Fleet.IsGoneAsync(id);
    }

    [Fact]
    public async Task A_start_that_cannot_work_leaves_a_stopped_instance_and_says_why()
    {
        var id = await RunningAsync();
        await Fleet.Grains.Instance(id).StopAsync();
        await Fleet.RestsAsync(id, InstancePhase.Stopped);
        Fleet.Node.Faults.FailOnce(NodeStep.StartBegins, NodeErrorKind.Invalid);

        await Fleet.Grains.Instance(id).StartAsync(new InstanceStartSpec());

        var info = await Fleet.RestsAsync(id, InstancePhase.Stopped);
        Assert.Contains("was made to fail", info.StateError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Delete_gets_past_a_start_that_hangs()
    {
        var hold = Fleet.Node.Faults.HoldOnce(NodeStep.StartBegins);
        var id = await CreatedAsync();
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await Fleet.Grains.Instance(id).DeleteAsync(graceful: true);

        await Fleet.IsGoneAsync(id);
    }

    [Fact]
    public async Task Stop_while_starting_is_remembered()
    {
        var hold = Fleet.Node.Faults.HoldOnce(NodeStep.StartDone);
        var id = await CreatedAsync();
        await hold.Reached.WaitAsync(TestFleet.Patience);

        await Fleet.Grains.Instance(id).StopAsync();

        await Fleet.RestsAsync(id, InstancePhase.Stopped);
        Assert.Equal(VmPhase.Stopped, Fleet.Node.Vms.Find(id)?.Phase);
    }

    [Fact]
    public async Task An_unknown_instance_can_be_deleted()
    {
        var id = await RunningAsync();
        Fleet.Node.Vms.Show(id, VmPhase.Unknown, "the hypervisor does not answer");
        var info = await Fleet.RestsAsync(id, InstancePhase.Unknown);
        Assert.Equal("the hypervisor does not answer", info.StateError);

        await Fleet.Grains.Instance(id).DeleteAsync(graceful: true);

        await Fleet.IsGoneAsync(id);
    }

    [Fact]
    public async Task A_vm_that_its_node_lost_leaves_a_stopped_instance_that_says_so()
    {
        var id = await RunningAsync();

        Fleet.Node.Vms.Lose(id);

        var info = await Fleet.RestsAsync(id, InstancePhase.Stopped);
        Assert.Contains("no longer holds", info.StateError, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_vm_that_no_record_knows_is_removed()
    {
        Fleet.Node.Vms.Plant(new VmStatus { Id = "stray", Epoch = 1, Boot = 1, Phase = VmPhase.Running, HasRun = true });

        await Until.True(() => Fleet.Node.Vms.Find("stray") is null, TestFleet.Patience, "the stray VM is removed");
    }

    [Fact]
    public async Task A_row_without_a_record_is_removed_and_its_name_is_free()
    {
        var row = (await Fleet.Index.GetAsync(ResourceKind.Instance, await RunningAsync()))!;
        await Fleet.Index.InsertAsync(row with { Id = "halfmade", Name = "half-made", State = "Created" }, ["half-made"]);

        await Until.True(
            async () => await Fleet.Index.GetAsync(ResourceKind.Instance, "halfmade") is null,
            TestFleet.Patience, "the row without a record is removed");
        await Fleet.CreateAsync(Some.Spec("half-made"));
    }

    private async Task<string> CreatedAsync() => (await Fleet.Grains.InstanceFactory().CreateAsync(Some.Spec())).Id;

    private async Task<string> RunningAsync()
    {
        var id = await CreatedAsync();
        await Fleet.RestsAsync(id, InstancePhase.Running);
        return id;
    }
}

using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Instances.Policies;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Grains.Instances.Policies;

/// <summary>An instance that was told how long to live is deleted then, wherever we were at that time.</summary>
public sealed class InstanceExpiryTests
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly InstanceLifetime AnHour = new() { Ttl = Hour };

    private readonly FakeTimeProvider _time = new(Some.Time);

    [Fact]
    public void Its_end_is_counted_from_now_or_is_the_one_that_was_named()
    {
        Assert.Equal(Some.Time + Hour, InstanceExpiry.EndOf(AnHour, Some.Time));
        Assert.Equal(Some.Time.AddDays(2), InstanceExpiry.EndOf(new InstanceLifetime { ExpiresAt = Some.Time.AddDays(2) }, Some.Time));
        Assert.Null(InstanceExpiry.EndOf(new InstanceLifetime(), Some.Time));
        Assert.Null(InstanceExpiry.EndOf(null, Some.Time));
    }

    [Fact]
    public void An_end_that_is_over_is_refused()
    {
        var refused = Assert.Throws<HypemanException>(() => InstanceExpiry.EndOf(new InstanceLifetime { ExpiresAt = Some.Time }, Some.Time));

        Assert.Equal("invalid_expires_at", refused.Code);
    }

    [Theory]
    [InlineData("none")]
    [InlineData("Create")]
    [InlineData("Start")]
    [InlineData("Stop")]
    [InlineData("Move")]
    [InlineData("Standby")]
    [InlineData("Revert")]
    public void One_that_has_expired_is_deleted_over_whatever_is_being_done_to_it_and_once(string inFlight)
    {
        var state = InstanceLifecycleTests.State(inFlight, "Running") with { ExpiresAt = Some.Time + Hour };

        var before = InstanceExpiry.Enforce(state, Some.Time);
        var after = InstanceObservation.Correct(state, Some.Time + Hour);

        Assert.Same(state, before);
        Assert.Equal((OperationKind.Delete, true), (after.Operation!.Kind, after.Operation.Graceful));
        Assert.Null(InstanceAgenda.DueAt(after));
        Assert.Same(after, InstanceObservation.Correct(after, Some.Time + Hour + Hour));
    }

    [Fact]
    public async Task It_is_deleted_when_its_time_is_over_and_not_before()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet, AnHour);
        var forEver = await RunningAsync(fleet, null);

        Assert.Equal(Some.Time + Hour, (await fleet.Grains.Instance(id).GetAsync()).ExpiresAt);
        _time.Advance(Hour - TimeSpan.FromSeconds(1));
        await fleet.RestsAsync(id, InstancePhase.Running);
        _time.Advance(TimeSpan.FromSeconds(1));

        await fleet.IsGoneAsync(id);
        Assert.Null((await fleet.RestsAsync(forEver, InstancePhase.Running)).ExpiresAt);
    }

    [Fact]
    public async Task It_is_found_when_its_node_comes_back_after_its_end()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet, AnHour);
        await fleet.KillSiloAsync(fleet.Node);

        _time.Advance(Hour);
        Assert.NotNull(fleet.Node.Vms.Find(id));
        await fleet.StartSiloAsync(fleet.Node);

        await fleet.IsGoneAsync(id);
    }

    [Fact]
    public async Task It_is_found_when_nobody_has_used_it_for_long()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet, AnHour);
        await fleet.RestartSiloAsync(fleet.Node);
        await fleet.RestsAsync(id, InstancePhase.Running);
        await fleet.Grains.Management().ForceActivationCollection(TimeSpan.Zero);

        _time.Advance(Hour);

        await fleet.IsGoneAsync(id);
    }

    [Fact]
    public async Task Its_end_can_be_put_off_or_taken_back_until_it_has_come()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var (later, never) = (await RunningAsync(fleet, AnHour), await RunningAsync(fleet, AnHour));
        var tooLate = await RunningAsync(fleet, AnHour);
        await fleet.Grains.Instance(later).UpdateAsync(new InstanceUpdate { Lifetime = new() { Ttl = 3 * Hour } });
        await fleet.Grains.Instance(never).UpdateAsync(new InstanceUpdate { Lifetime = new() });
        var hold = fleet.Node.Faults.HoldOnce(NodeStep.DeleteBegins);

        _time.Advance(Hour);
        await hold.Reached.WaitAsync(TestFleet.Patience);
        var refused = await Assert.ThrowsAsync<HypemanException>(
            () => fleet.Grains.Instance(tooLate).UpdateAsync(new InstanceUpdate { Lifetime = AnHour }));

        Assert.Equal((ErrorKind.Conflict, "instance_expired"), (refused.Kind, refused.Code));
        hold.Release();
        await fleet.IsGoneAsync(tooLate);
        Assert.Equal(Some.Time + 3 * Hour, (await fleet.RestsAsync(later, InstancePhase.Running)).ExpiresAt);
        Assert.Null((await fleet.RestsAsync(never, InstancePhase.Running)).ExpiresAt);
        _time.Advance(2 * Hour);
        await fleet.IsGoneAsync(later);
    }

    [Fact]
    public async Task A_copy_does_not_end_with_its_source()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var id = await RunningAsync(fleet, AnHour);
        var copy = await fleet.Grains.InstanceFactory().ForkAsync(id, new ForkSpec { Name = Some.Name(), FromRunning = true });

        Assert.Null((await fleet.RestsAsync(copy.Id, InstancePhase.Running)).ExpiresAt);
        _time.Advance(Hour);

        await fleet.IsGoneAsync(id);
        await fleet.RestsAsync(copy.Id, InstancePhase.Running);
    }

    [Fact]
    public async Task A_create_with_an_end_that_is_over_makes_nothing()
    {
        await using var fleet = await TestFleet.StartAsync(time: _time);
        var spec = Some.Spec() with { Lifetime = new() { ExpiresAt = Some.Time } };

        var refused = await Assert.ThrowsAsync<HypemanException>(() => fleet.CreateAsync(spec));

        Assert.Equal("invalid_expires_at", refused.Code);
        await fleet.CreateAsync(spec with { Lifetime = null });
    }

    private static Task<string> RunningAsync(TestFleet fleet, InstanceLifetime? lifetime) =>
        fleet.RunningAsync(Some.Spec() with { Lifetime = lifetime });
}

using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.NodeRuntime.Errors;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.Time.Testing;

namespace Hypeman.Tests.Grains.Instances.Health;

/// <summary>Instances are probed by the silo of their home, for as long as they run.</summary>
public sealed class HealthTests : IDisposable
{
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(10);

    private static readonly HealthCheck Check = new()
    {
        Kind = HealthCheckKind.Tcp,
        Tcp = new TcpProbe(80),
        Interval = Interval,
        StartPeriod = TimeSpan.Zero,
        FailureThreshold = 2,
    };

    private readonly FakeTimeProvider _time = new(Some.Time);
    private readonly SemaphoreSlim _probed = new(0);
    private volatile bool _answers = true;

    public void Dispose() => _probed.Dispose();

    [Fact]
    public async Task It_is_healthy_when_it_answers_and_unhealthy_when_it_does_not_any_more()
    {
        await using var fleet = await StartAsync();
        var id = await RunningAsync(fleet);
        var healthy = await IsAsync(fleet, id, HealthState.Healthy);

        _answers = false;
        await ProbeAsync();
        await ProbeAsync();
        var unhealthy = await IsAsync(fleet, id, HealthState.Unhealthy);

        Assert.Equal((1, 0), (healthy.Successes, healthy.Failures));
        Assert.Equal((0, 2), (unhealthy.Successes, unhealthy.Failures));
        Assert.InRange(unhealthy.LastFailureAt!.Value, Some.Time + 2 * Interval, _time.GetUtcNow());
        Assert.Contains("nothing listens", unhealthy.LastError, StringComparison.Ordinal);
        Assert.Equal(InstancePhase.Running, (await fleet.Grains.Instance(id).GetAsync()).Phase);
    }

    [Fact]
    public async Task A_probe_that_changes_no_verdict_is_counted_and_not_written()
    {
        await using var fleet = await StartAsync();
        var id = await RunningAsync(fleet);
        await IsAsync(fleet, id, HealthState.Healthy);
        await IsWrittenAsync(fleet, id, HealthState.Healthy);
        var version = (await fleet.Index.GetAsync(ResourceKind.Instance, id))!.Version;

        for (var probe = 0; probe < 5; probe++)
            await ProbeAsync();

        await Until.True(
            async () => (await fleet.Grains.Instance(id).GetAsync()).Health!.Successes == 6, TestFleet.Patience, "all probes are counted");
        Assert.Equal(version, (await fleet.Index.GetAsync(ResourceKind.Instance, id))!.Version);
    }

    [Fact]
    public async Task An_unhealthy_one_with_a_restart_policy_boots_again_and_is_judged_anew()
    {
        await using var fleet = await StartAsync();
        var id = await RunningAsync(fleet, new RestartPolicy { Mode = RestartMode.OnFailure, Backoff = TimeSpan.FromSeconds(1) });
        await IsAsync(fleet, id, HealthState.Healthy);
        _answers = false;
        await ProbeAsync();
        await ProbeAsync();
        await IsAsync(fleet, id, HealthState.Unhealthy);

        _answers = true;
        _time.Advance(TimeSpan.FromSeconds(1));
        await Until.True(() => fleet.Node.Vms.Find(id)!.Boot == 2, TestFleet.Patience, "it boots again");
        await IsAsync(fleet, id, HealthState.Healthy);

        var status = (await fleet.RestsAsync(id, InstancePhase.Running)).Restart!;
        Assert.Equal((1, RestartReason.HealthCheckFailed, null), (status.Attempts, status.LastReason, status.NextAttemptAt));
    }

    [Fact]
    public async Task Only_what_runs_is_probed()
    {
        await using var fleet = await StartAsync();
        var id = await RunningAsync(fleet);
        await IsAsync(fleet, id, HealthState.Healthy);
        await fleet.Grains.Instance(id).StandbyAsync();
        var asleep = await fleet.RestsAsync(id, InstancePhase.Standby);
        while (await _probed.WaitAsync(TimeSpan.Zero))
            continue;

        _time.Advance(10 * Interval);
        Assert.Equal(HealthState.Unknown, asleep.Health!.State);
        Assert.Equal(0, _probed.CurrentCount);
        await fleet.Grains.Instance(id).RestoreAsync();

        await IsAsync(fleet, id, HealthState.Healthy);
    }

    [Fact]
    public async Task It_is_probed_again_when_its_silo_is_back_and_what_was_known_still_holds()
    {
        await using var fleet = await StartAsync();
        var id = await RunningAsync(fleet);
        await IsWrittenAsync(fleet, id, HealthState.Healthy);

        await fleet.KillSiloAsync(fleet.Node);
        var away = (await fleet.Grains.Instance(id).GetAsync()).Health!.State;
        _answers = false;
        await fleet.StartSiloAsync(fleet.Node);
        await fleet.RestsAsync(id, InstancePhase.Running);
        await Until.True(async () => (await fleet.TryGetAsync(id))?.Health?.Failures == 1, TestFleet.Patience, "it is probed again");
        var still = (await fleet.Grains.Instance(id).GetAsync()).Health!.State;
        await ProbeAsync();

        Assert.Equal((HealthState.Unknown, HealthState.Healthy), (away, still));
        await IsAsync(fleet, id, HealthState.Unhealthy);
    }

    [Fact]
    public async Task A_guest_that_says_nothing_has_failed_when_its_time_is_over()
    {
        await using var fleet = await StartAsync();
        fleet.Node.Vms.Ports = async (_, _, token) =>
        {
            _probed.Release();
            await Task.Delay(Timeout.InfiniteTimeSpan, token);
            return Stream.Null;
        };
        var id = await RunningAsync(fleet);
        await _probed.WaitAsync(TestFleet.Patience);

        _time.Advance(Check.Timeout);

        await Until.True(async () => (await fleet.Grains.Instance(id).GetAsync()).Health!.Failures == 1, TestFleet.Patience, "the probe has failed");
        Assert.Equal("no answer within 2 s", (await fleet.Grains.Instance(id).GetAsync()).Health!.LastError);
    }

    private async Task<TestFleet> StartAsync()
    {
        var fleet = await TestFleet.StartAsync(time: _time);
        fleet.Node.Vms.Ports = (_, port, _) =>
        {
            _probed.Release();
            return _answers
                ? ValueTask.FromResult(Stream.Null)
                : throw new NodeException(NodeErrorKind.Unavailable, $"nothing listens on port {port}");
        };
        return fleet;
    }

    /// <summary>Has the next probe made.</summary>
    private async Task ProbeAsync()
    {
        while (await _probed.WaitAsync(TimeSpan.Zero))
            continue;
        // The monitor may just be about to begin its pause.
        await Until.True(
            async () =>
            {
                _time.Advance(Interval / 10);
                return await _probed.WaitAsync(TimeSpan.Zero);
            },
            TestFleet.Patience, "a probe was made");
    }

    private static Task<string> RunningAsync(TestFleet fleet, RestartPolicy? policy = null) =>
        fleet.RunningAsync(Some.Spec() with { HealthCheck = Check, RestartPolicy = policy });

    /// <summary>What is shown is counted at once, and the verdict written a moment later.</summary>
    private static Task IsWrittenAsync(TestFleet fleet, string id, HealthState state) => Until.True(
        async () => ResourceSummary.Read<InstanceInfo>((await fleet.Index.GetAsync(ResourceKind.Instance, id))!).Health?.State == state,
        TestFleet.Patience, $"that instance {id} is {state} is written");

    private static async Task<HealthStatus> IsAsync(TestFleet fleet, string id, HealthState state)
    {
        HealthStatus? status = null;
        await Until.True(
            async () => (status = (await fleet.TryGetAsync(id))?.Health)?.State == state, TestFleet.Patience, $"instance {id} is {state}");
        return status!;
    }
}

using System.Net;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Instances.Idle;
using Hypeman.Grains.Instances.Policies;
using Hypeman.NodeRuntime.Networks;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Grains.Clusters;

namespace Hypeman.Tests.Grains.Instances.Idle;

/// <summary>Who counts as using an instance, and when it is put to sleep because nobody does.</summary>
public sealed class InstanceIdleTests
{
    private static readonly DateTimeOffset Now = Some.Time.AddHours(1);
    private static readonly TimeSpan Timeout = TimeSpan.FromMinutes(5);

    private static readonly AutoStandbyPolicy Policy = new() { Enabled = true, IdleTimeout = Timeout };

    [Fact]
    public void Used_it_is_active_and_idle_it_counts_down_from_its_last_use()
    {
        var state = Running(Policy);
        var lastUse = Now - TimeSpan.FromMinutes(2);

        var active = InstanceIdle.StatusOf(state, new InstanceUse(2, Now), Now);
        var idle = InstanceIdle.StatusOf(state, new InstanceUse(0, lastUse), Now);
        var ready = InstanceIdle.StatusOf(state, new InstanceUse(0, Now - Timeout), Now);

        Assert.Equal((AutoStandbyState.Active, AutoStandbyReason.ActiveInboundConnections, 2, null, null), Shown(active));
        Assert.Equal((AutoStandbyState.IdleCountdown, AutoStandbyReason.IdleTimeoutNotElapsed, 0, lastUse, lastUse + Timeout), Shown(idle));
        Assert.Equal((AutoStandbyState.ReadyForStandby, AutoStandbyReason.ReadyForStandby, 0, Now - Timeout, Now), Shown(ready));
        Assert.True(active.IsEligible && idle.IsEligible && ready.IsEligible);
    }

    [Fact]
    public void One_that_was_never_used_is_idle_since_it_runs()
    {
        var state = Running(Policy);

        var status = InstanceIdle.StatusOf(state, new InstanceUse(0, null), state.Clock.Since);

        Assert.Equal((state.Clock.Since, state.Clock.Since + Timeout), (status.IdleSince, status.NextStandbyAt));
    }

    [Fact]
    public void What_keeps_it_from_sleeping_is_told()
    {
        AssertShown(AutoStandbyState.Disabled, AutoStandbyReason.PolicyMissing, InstanceLifecycleTests.State("none", "Running"));
        AssertShown(AutoStandbyState.Disabled, AutoStandbyReason.PolicyDisabled, Running(Policy with { Enabled = false }));
        AssertShown(AutoStandbyState.Ineligible, AutoStandbyReason.InstanceNotRunning, With(InstanceLifecycleTests.State("none", "Stopped"), Policy));
        AssertShown(AutoStandbyState.Ineligible, AutoStandbyReason.InstanceNotRunning, With(InstanceLifecycleTests.State("none", "Standby"), Policy));
        var running = Running(Policy);
        AssertShown(AutoStandbyState.Ineligible, AutoStandbyReason.NetworkDisabled, running with { Spec = running.Spec with { NetworkEnabled = false } });
        AssertShown(AutoStandbyState.Ineligible, AutoStandbyReason.MissingIp, running with { Observed = running.Observed with { Ip = null } });
        AssertShown(AutoStandbyState.Error, AutoStandbyReason.ObserverError, running);
        AssertShown(AutoStandbyState.StandbyRequested, AutoStandbyReason.ReadyForStandby, Falling(running));

        static void AssertShown(AutoStandbyState shown, AutoStandbyReason reason, InstanceState state)
        {
            var status = InstanceIdle.StatusOf(state, use: null, Now);
            Assert.Equal((shown, reason, null), (status.State, status.Reason, status.NextStandbyAt));
        }
    }

    [Fact]
    public void It_is_put_to_sleep_when_it_is_due_and_not_a_moment_before()
    {
        var state = Running(Policy);
        var lastUse = Now - Timeout;

        Assert.Same(state, Sleep(state, lastUse, Now - TimeSpan.FromTicks(1)));
        Assert.Equal((OperationKind.Standby, true), Operation(Sleep(state, lastUse, Now)));
        // What was found out about an earlier stay in Running says nothing about this one.
        var earlier = new IdleNews(InstanceRun.Of(state) with { Restores = 7 }, lastUse);
        Assert.Same(state, InstanceIdle.Sleep(state, earlier, SnapshotCompression.Off, Now));
    }

    [Fact]
    public void Used_again_before_it_sleeps_it_goes_on_as_if_nothing_had_been()
    {
        var falling = Falling(Running(Policy));

        Assert.True(InstanceIdle.IsUsed(falling, Seen(80), Now));
        Assert.False(InstanceIdle.IsUsed(falling, VmActivity.None, Now));
        var awake = InstanceIdle.Undone(falling, falling.Operation!, Now);

        Assert.Equal((InstancePhase.Running, InstanceIntent.Running, null, null), (awake.Phase(), awake.Intent, awake.Operation, awake.Failure));
    }

    [Fact]
    public void Who_asks_for_its_standby_meanwhile_has_it_whether_it_is_used_or_not()
    {
        var asked = InstanceLifecycle.Standby(Falling(Running(Policy)), null, SnapshotCompression.Off, Now);

        Assert.Equal((OperationKind.Standby, false), Operation(asked));
        Assert.False(InstanceIdle.IsUsed(asked, Seen(80), Now));
    }

    [Fact]
    public void One_that_could_not_be_put_to_sleep_says_why_and_is_left_alone_for_a_while()
    {
        var why = new InstanceFailure(ErrorKind.InsufficientResources, "insufficient_resources", "the disk is full");

        var failed = InstanceLifecycle.Failed(Falling(Running(Policy)), why, passing: false, Now);

        Assert.Equal((InstancePhase.Running, why), (failed.Phase(), failed.Failure));
        var status = InstanceIdle.StatusOf(failed, new InstanceUse(0, null), Now);
        Assert.Equal((AutoStandbyState.IdleCountdown, Now + TimeSpan.FromMinutes(1)), (status.State, status.NextStandbyAt));
    }

    [Fact]
    public void A_hold_keeps_it_awake_for_as_long_as_it_may_be_idle_and_the_latest_counts()
    {
        var held = InstanceIdle.Hold(Running(Policy), Now);
        Assert.Equal(Now + Timeout, InstanceIdle.StatusOf(held, new InstanceUse(0, null), Now).HoldUntil);
        Assert.False(InstanceIdle.IsDue(held, new InstanceUse(0, null), Now + Timeout - TimeSpan.FromTicks(1)));
        Assert.True(InstanceIdle.IsDue(held, new InstanceUse(0, null), Now + Timeout));
        Assert.Null(InstanceIdle.StatusOf(held, new InstanceUse(0, null), Now + Timeout).HoldUntil);

        var shorter = InstanceUpdates.Apply(held, new InstanceUpdate { AutoStandby = Policy with { IdleTimeout = TimeSpan.FromSeconds(1) } }, Now);
        Assert.Equal(Now + TimeSpan.FromSeconds(1), InstanceIdle.Hold(shorter, Now).Wakeful!.HoldUntil);
    }

    [Theory]
    [InlineData("none", "Standby")]
    [InlineData("Standby", "Running")]
    [InlineData("Standby", "Paused")]
    [InlineData("Restore", "Standby")]
    public void Of_one_that_sleeps_or_is_about_to_a_hold_is_refused(string operation, string observed)
    {
        var asleep = With(InstanceLifecycleTests.State(operation, observed), Policy);

        Assert.Equal("instance_in_standby", Assert.Throws<HypemanException>(() => InstanceIdle.Hold(asleep, Now)).Code);
        var disabled = With(asleep, Policy with { Enabled = false });
        Assert.Same(disabled, InstanceIdle.Hold(disabled, Now));
    }

    [Fact]
    public void One_that_is_told_to_sleep_when_idle_is_idle_from_then_on_at_the_earliest()
    {
        var enabled = InstanceUpdates.Apply(InstanceLifecycleTests.State("none", "Running"), new InstanceUpdate { AutoStandby = Policy }, Now);
        Assert.Equal(Now, InstanceIdle.StatusOf(enabled, new InstanceUse(0, null), Now).IdleSince);

        Assert.Same(enabled, InstanceUpdates.Apply(enabled, new InstanceUpdate { AutoStandby = Policy with { } }, Now));
        var disabled = InstanceUpdates.Apply(enabled, new InstanceUpdate { AutoStandby = new() { Enabled = false } }, Now);
        Assert.Equal((false, null), (disabled.Spec.AutoStandby!.Enabled, disabled.Wakeful));
    }

    [Fact]
    public void What_the_policy_ignores_does_not_count()
    {
        var policy = Policy with { IgnoredSources = ["10.0.0.0/8", "fd00::/8"], IgnoredPorts = [9100] };
        var activity = VmActivity.None with
        {
            Flows =
            [
                Flow("10.1.2.3", 80), Flow("fd00::1", 80), Flow("::ffff:10.9.9.9", 80), Flow("192.0.2.1", 9100),
                Flow("192.0.2.1", 80), Flow("2001:db8::1", 80), Flow("192.0.2.9", 80) with { IsOpen = false },
            ],
            Sessions = 1,
        };

        Assert.Equal(3, InstanceUse.Of(new IgnoredTraffic(policy), activity, Now).Connections);
        Assert.Equal(7, InstanceUse.Of(new IgnoredTraffic(Policy), activity, Now).Connections);
    }

    [Theory]
    [InlineData("10.1.2.3/8", "10.0.0.0/8")]
    [InlineData("fd00:1::1/16", "fd00::/16")]
    [InlineData("::ffff:10.1.2.3/104", "10.0.0.0/8")]
    [InlineData("::ffff:0.0.0.0/96", "0.0.0.0/0")]
    [InlineData("::/0", "::/0")]
    public void A_network_is_read_as_the_addresses_that_callers_have(string text, string network)
    {
        Assert.True(Cidr.TryParse(text, out var parsed, out _));
        Assert.Equal(IPNetwork.Parse(network), parsed);
    }

    [Fact]
    public void The_last_use_is_the_latest_of_all_that_is_known()
    {
        var ignored = new IgnoredTraffic(Policy with { IgnoredPorts = [9100] });
        var (early, late) = (Now - TimeSpan.FromMinutes(3), Now - TimeSpan.FromMinutes(1));
        var ended = Flow("192.0.2.1", 80) with { IsOpen = false, SeenAt = early };

        Assert.Null(InstanceUse.Of(ignored, VmActivity.None, Now).LastAt);
        Assert.Equal(early, InstanceUse.Of(ignored, VmActivity.None with { Flows = [ended] }, Now).LastAt);
        Assert.Equal(late, InstanceUse.Of(ignored, VmActivity.None with { Flows = [ended], SessionAt = late }, Now).LastAt);
        Assert.Equal(late, InstanceUse.Of(ignored, VmActivity.None with { Flows = [ended], KeptAt = late }, Now).LastAt);
        Assert.Equal(Now, InstanceUse.Of(ignored, Seen(80), Now).LastAt);
        Assert.Null(InstanceUse.Of(ignored, Seen(9100), Now).LastAt);
        Assert.Null(InstanceUse.Of(ignored, VmActivity.None with { Flows = [ended with { SeenAt = DateTimeOffset.MinValue }] }, Now).LastAt);
    }

    private static InstanceState Running(AutoStandbyPolicy policy) => With(InstanceLifecycleTests.State("none", "Running"), policy);

    private static InstanceState With(InstanceState state, AutoStandbyPolicy policy) => state with
    {
        Spec = state.Spec with { AutoStandby = policy },
        Observed = state.Observed with { Ip = "10.100.0.2" },
    };

    private static InstanceState Falling(InstanceState state) => Sleep(state, null, state.Clock.Since + Timeout);

    private static InstanceState Sleep(InstanceState state, DateTimeOffset? lastUse, DateTimeOffset now) =>
        InstanceIdle.Sleep(state, new IdleNews(InstanceRun.Of(state), lastUse), SnapshotCompression.Off, now);

    private static VmActivity Seen(int port) => VmActivity.None with { Flows = [Flow("192.0.2.1", port)] };

    private static VmFlow Flow(string source, int port) => new(IPAddress.Parse(source), port, IsOpen: true, Now);

    private static (OperationKind?, bool?) Operation(InstanceState state) => (state.Operation?.Kind, state.Operation?.OnlyIfIdle);

    private static (AutoStandbyState, AutoStandbyReason, int, DateTimeOffset?, DateTimeOffset?) Shown(AutoStandbyStatus status) =>
        (status.State, status.Reason, status.Connections, status.IdleSince, status.NextStandbyAt);
}

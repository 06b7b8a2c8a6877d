using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Policies;
using Hypeman.Tests.Grains.Clusters;
using Hypeman.Tests.Grains.Instances.Policies;

namespace Hypeman.Tests.Grains.Instances.Health;

/// <summary>What a row of probes says, and what comes of it.</summary>
public sealed class HealthVerdictTests
{
    private static readonly DateTimeOffset Now = Some.Time.AddHours(1);
    private static readonly TimeSpan Backoff = TimeSpan.FromSeconds(5);

    private static readonly HealthCheck Check = new()
    {
        Kind = HealthCheckKind.Tcp,
        Tcp = new TcpProbe(80),
        FailureThreshold = 3,
        SuccessThreshold = 2,
    };

    // + a success, - a failure, ~ a failure in the start period; then what it is: s(tarting), h(ealthy), u(nhealthy).
    [Theory]
    [InlineData("", 's', 0, 0)]
    [InlineData("+", 's', 1, 0)]
    [InlineData("++", 'h', 2, 0)]
    [InlineData("+-+", 's', 1, 0)]
    [InlineData("~~~~~", 's', 0, 0)]
    [InlineData("~~~++", 'h', 2, 0)]
    [InlineData("--", 's', 0, 2)]
    [InlineData("---", 'u', 0, 3)]
    [InlineData("~--", 's', 0, 2)]
    [InlineData("++--", 'h', 0, 2)]
    [InlineData("++---", 'u', 0, 3)]
    [InlineData("---+", 'u', 1, 0)]
    [InlineData("---++", 'h', 2, 0)]
    public void Enough_successes_in_a_row_make_it_healthy_and_enough_failures_unhealthy(string probes, char state, int successes, int failures)
    {
        var status = HealthVerdict.Starting;
        foreach (var probe in probes)
            status = HealthVerdict.After(status, Check, probe == '+' ? null : "no", probe == '~' ? TimeSpan.FromSeconds(1) : TimeSpan.FromMinutes(1), Now);

        Assert.Equal((state, successes, failures), (char.ToLowerInvariant(status.State.ToString()[0]), status.Successes, status.Failures));
    }

    [Fact]
    public void The_last_failure_is_told_in_a_few_words()
    {
        var status = HealthVerdict.After(HealthVerdict.Starting, Check, new string('x', 5000), TimeSpan.FromMinutes(1), Now);

        Assert.Equal((200, Now, null), (status.LastError!.Length, status.LastFailureAt, status.LastSuccessAt));
    }

    [Fact]
    public void Only_one_that_runs_has_a_health_and_each_run_a_new_one()
    {
        var state = Running("never");
        var healthy = InstanceHealth.Note(state, News(state, HealthState.Healthy), Now);
        var restored = healthy with { Observed = healthy.Observed with { Restores = 1 } };
        var stopped = InstanceRestartTests.Ended(healthy, 0, Now);

        Assert.Equal(HealthState.Starting, InstanceHealth.StatusOf(state)!.State);
        Assert.Equal(HealthState.Healthy, InstanceHealth.StatusOf(healthy)!.State);
        Assert.Equal(HealthState.Starting, InstanceHealth.StatusOf(restored)!.State);
        Assert.Equal(HealthState.Unknown, InstanceHealth.StatusOf(stopped)!.State);
        Assert.Null(InstanceHealth.StatusOf(healthy with { Spec = healthy.Spec with { HealthCheck = null } }));
    }

    [Fact]
    public void A_verdict_on_another_run_or_by_another_check_is_no_news()
    {
        var state = Running("Always");
        var news = News(state, HealthState.Unhealthy);

        Assert.Same(state, InstanceHealth.Note(state, news with { Run = news.Run with { Boot = 7 } }, Now));
        Assert.Same(state, InstanceHealth.Note(state, news with { Check = Check with { Tcp = new TcpProbe(81) } }, Now));
        var stopping = InstanceLifecycle.Stop(state, Now);
        Assert.Same(stopping, InstanceHealth.Note(stopping, news, Now));
    }

    [Theory]
    [InlineData("Always")]
    [InlineData("OnFailure")]
    public void One_that_stays_unhealthy_is_stopped_and_started_again_by_its_policy(string policy)
    {
        var state = Running(policy);
        var unhealthy = InstanceHealth.Note(state, News(state, HealthState.Unhealthy), Now);
        Assert.Equal((Now + Backoff, RestartReason.HealthCheckFailed), (unhealthy.Restart.NextAttemptAt, unhealthy.Restart.LastReason));

        var stopping = InstanceObservation.Correct(unhealthy, Now + Backoff);
        Assert.Equal((OperationKind.Stop, InstanceIntent.Running, 1), (stopping.Operation?.Kind, stopping.Intent, stopping.Restart.Attempts));
        var starting = InstanceLifecycle.Done(
            InstanceObservation.Observe(stopping, stopping.Observed with { Phase = ObservedPhase.Stopped, ExitedAt = Now }, Now), Now);

        Assert.Equal((OperationKind.Start, true, 1), (starting.Operation?.Kind, starting.Operation?.IsAutomatic, starting.Restart.Attempts));
        Assert.Equal(state.Boot + 1, starting.Boot);
    }

    [Fact]
    public void One_that_recovers_before_its_attempt_is_left_alone()
    {
        var state = Running("Always");
        var unhealthy = InstanceHealth.Note(state, News(state, HealthState.Unhealthy), Now);

        var recovered = InstanceHealth.Note(unhealthy, News(state, HealthState.Healthy), Now);

        Assert.Null(recovered.Restart.NextAttemptAt);
        Assert.Null(InstanceObservation.Correct(recovered, Now + Backoff).Operation);
    }

    [Fact]
    public void Without_a_policy_or_after_so_many_attempts_an_unhealthy_one_runs_on()
    {
        var free = Running("never");
        var spent = Running("Always", most: 1) with { Restart = new RestartStatus { Attempts = 1 } };

        Assert.Null(InstanceAgenda.DueAt(InstanceHealth.Note(free, News(free, HealthState.Unhealthy), Now)));
        var blocked = InstanceHealth.Note(spent, News(spent, HealthState.Unhealthy), Now);
        Assert.Equal((RestartBlock.MaxAttemptsExceeded, null), (blocked.Restart.Blocked, InstanceAgenda.DueAt(blocked)));
    }

    [Fact]
    public void A_stop_by_hand_over_one_that_was_to_start_again_is_the_last_word()
    {
        var state = Running("Always");
        var stopping = InstanceObservation.Correct(InstanceHealth.Note(state, News(state, HealthState.Unhealthy), Now), Now + Backoff);

        var byHand = InstanceLifecycle.Stop(stopping, Now + Backoff);
        var stopped = InstanceLifecycle.Done(
            InstanceObservation.Observe(byHand, byHand.Observed with { Phase = ObservedPhase.Stopped, ExitedAt = Now }, Now), Now);

        Assert.Equal(stopping.Operation!.Number, byHand.Operation!.Number);
        Assert.Equal((null, RestartBlock.ManualStop, null), (stopped.Operation, stopped.Restart.Blocked, InstanceAgenda.DueAt(stopped)));
    }

    [Fact]
    public void A_stop_that_fails_is_followed_by_another_attempt()
    {
        var state = Running("Always");
        var stopping = InstanceObservation.Correct(InstanceHealth.Note(state, News(state, HealthState.Unhealthy), Now), Now + Backoff);
        var late = Now.AddHours(1);

        var failed = InstanceLifecycle.Failed(stopping, new InstanceFailure(ErrorKind.TimedOut, "timeout", "late"), passing: true, late);

        Assert.Equal((null, late + Backoff), (failed.Operation, failed.Restart.NextAttemptAt));
        Assert.Equal(OperationKind.Stop, InstanceObservation.Correct(failed, late + Backoff).Operation?.Kind);
    }

    [Fact]
    public void Another_check_begins_anew_and_the_same_one_changes_nothing()
    {
        var exec = Check with { Kind = HealthCheckKind.Exec, Tcp = null, Exec = new ExecProbe { Command = ["true"] } };
        var state = Running("never");
        var healthy = InstanceHealth.Note(state, News(state, HealthState.Healthy), Now);

        var other = InstanceUpdates.Apply(healthy, new InstanceUpdate { HealthCheck = exec }, Now);
        var same = InstanceUpdates.Apply(other, new InstanceUpdate { HealthCheck = exec with { Exec = new ExecProbe { Command = ["true"] } } }, Now);
        var none = InstanceUpdates.Apply(other, new InstanceUpdate { HealthCheck = new HealthCheck { Kind = HealthCheckKind.None } }, Now);

        Assert.Equal(HealthState.Starting, InstanceHealth.StatusOf(other)!.State);
        Assert.Same(other, same);
        Assert.Null(InstanceHealth.StatusOf(none));
    }

    [Fact]
    public void A_check_that_could_never_reach_it_is_refused()
    {
        var offline = Some.Spec() with { NetworkEnabled = false, HealthCheck = Check };
        var agentless = Some.Spec() with
        {
            SkipGuestAgent = true,
            HealthCheck = Check with { Kind = HealthCheckKind.Exec, Exec = new ExecProbe { Command = ["true"] } },
        };

        Assert.Equal("invalid_health_check", Assert.Throws<HypemanException>(() => HealthRules.Check(offline)).Code);
        Assert.Equal("invalid_health_check", Assert.Throws<HypemanException>(() => HealthRules.Check(agentless)).Code);
        HealthRules.Check(Some.Spec() with { HealthCheck = Check });
    }

    private static InstanceState Running(string policy, int most = 0)
    {
        var state = InstanceRestartTests.Running(policy, most);
        return state with { Spec = state.Spec with { HealthCheck = Check } };
    }

    private static HealthNews News(InstanceState state, HealthState verdict) =>
        new(InstanceRun.Of(state), Check, new HealthStatus { State = verdict });
}

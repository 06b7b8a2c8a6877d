using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What a manager that comes back finds, and makes of it.</summary>
[Trait("Category", "Vm")]
public sealed class VmRecoveryTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Every step of a start, and the moment when all is done but not recorded.</summary>
    public static TheoryData<string> Steps => ["network", "overlay", "config", "open", "spawn", "control"];

    [Fact]
    public async Task A_running_vm_is_taken_up_and_answers()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000");
        var before = await vms.RunAsync(spec);
        var process = Assert.Single(vms.Processes(spec.Id));
        await vms.CloseAsync();
        Assert.True(process.IsAlive);

        await vms.OpenAsync();

        var after = vms.Host.Find(spec.Id)!;
        Assert.Equal((VmPhase.Running, before.Ip, before.Mac, before.StartedAt), (after.Phase, after.Ip, after.Mac, after.StartedAt));
        Assert.Equal(process, Assert.Single(vms.Processes(spec.Id)));
        Assert.Equal(("still here\n", 0), await vms.ExecAsync(spec.Id, "/bin/echo", "still here"));
        var stopped = await vms.Host.StopAsync(spec.Id, epoch: 1, Patience, CancellationToken.None);
        Assert.Equal((VmPhase.Stopped, 143), (stopped.Phase, stopped.ExitCode));
    }

    [Fact]
    public async Task An_exit_that_nobody_saw_is_reported_with_its_code()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 9");
        await vms.RunAsync(spec);
        var process = Assert.Single(vms.Processes(spec.Id));
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", "(sleep 3; touch /tmp/go) > /dev/null 2>&1 &");
        await vms.CloseAsync();
        await Until.True(() => !process.IsAlive, Patience, "the guest has ended");

        await vms.OpenAsync();

        var status = vms.Host.Find(spec.Id)!;
        Assert.Equal((VmPhase.Stopped, 9), (status.Phase, status.ExitCode));
        Assert.Empty(await vms.Network.ListTapsAsync());
        Assert.Empty(vms.Context.Cgroups.List());
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_crash_before_any_step_of_a_start_is_repaired(string crashed)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var vms = await TestVms.CreateAsync(made => made.BeforeStep = async (_, step, cancellationToken) =>
        {
            if (step != crashed)
                return;
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        });
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/true") with { SkipGuestAgent = true };
        var starting = vms.Host.StartAsync(spec, CancellationToken.None);
        await reached.Task.WaitAsync(Patience);
        vms.BeforeStep = (_, _, _) => Task.CompletedTask;

        await vms.RestartAsync();

        Assert.Equal(NodeErrorKind.Unavailable, (await Assert.ThrowsAsync<NodeException>(() => starting)).Kind);
        var repaired = vms.Host.Find(spec.Id)!;
        Assert.Equal((VmPhase.Stopped, false), (repaired.Phase, repaired.HasRun));
        Assert.Contains("start it again", repaired.Error);
        Assert.Empty(vms.Processes(spec.Id));
        Assert.Empty(await vms.Network.ListTapsAsync());
        Assert.Empty(vms.Context.Cgroups.List());
        await vms.Host.StartAsync(spec, CancellationToken.None);
        var ended = await vms.ReachAsync(spec.Id, VmPhase.Stopped);
        Assert.True(ended is { ExitCode: 0, HasRun: true }, $"{ended}\n{vms.Logs(spec.Id)}");
    }

    [Theory]
    [MemberData(nameof(Steps))]
    public async Task A_failure_of_any_step_of_a_start_leaves_nothing(string failing)
    {
        await using var vms = await TestVms.CreateAsync(made => made.BeforeStep = (_, step, _) => step == failing
            ? Task.FromException(new NodeException(NodeErrorKind.InsufficientResources, $"no {step} today"))
            : Task.CompletedTask);
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/true") with { SkipGuestAgent = true };

        var error = await Assert.ThrowsAsync<NodeException>(() => vms.Host.StartAsync(spec, CancellationToken.None));

        Assert.Equal($"no {failing} today", error.Message);
        var status = vms.Host.Find(spec.Id)!;
        Assert.Equal((VmPhase.Stopped, error.Message, (DateTimeOffset?)null), (status.Phase, status.Error, status.StartedAt));
        Assert.Empty(vms.Processes(spec.Id));
        Assert.Empty(await vms.Network.ListTapsAsync());
        Assert.Empty(vms.Context.Cgroups.List());
        Assert.False(File.Exists(vms.Layout.Vm(spec.Id).ConfigDisk));
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("delete")]
    public async Task A_stop_or_delete_wins_over_a_start_in_flight(string order)
    {
        var reached = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
        await using var vms = await TestVms.CreateAsync(made => made.BeforeStep = async (_, step, cancellationToken) =>
        {
            if (step != "control")
                return;
            reached.TrySetResult();
            await Task.Delay(Timeout.InfiniteTimeSpan, cancellationToken);
        });
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/true");
        var starting = vms.Host.StartAsync(spec, CancellationToken.None);
        await reached.Task.WaitAsync(Patience);
        Assert.Single(vms.Processes(spec.Id));

        if (order == "stop")
            Assert.Equal(VmPhase.Stopped, (await vms.Host.StopAsync(spec.Id, 1, Patience, CancellationToken.None)).Phase);
        else
            await vms.Host.DeleteAsync(spec.Id, 1, CancellationToken.None);

        Assert.Equal(NodeErrorKind.WrongPhase, (await Assert.ThrowsAsync<NodeException>(() => starting)).Kind);
        Assert.Empty(vms.Processes(spec.Id));
        Assert.Empty(await vms.Network.ListTapsAsync());
        Assert.Equal(order == "stop", vms.Host.Find(spec.Id) is not null);
    }

    [Fact]
    public async Task A_deletion_that_was_cut_off_is_finished()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { SkipGuestAgent = true };
        await vms.Host.StartAsync(spec, CancellationToken.None);
        await vms.CloseAsync();
        var ledger = vms.Layout.Vm(spec.Id).LedgerFile;
        VmLedger.Write(ledger, VmLedger.Read(ledger)! with { Stage = VmStage.Deleting });

        await vms.OpenAsync();

        Assert.Null(vms.Host.Find(spec.Id));
        Assert.Empty(vms.Host.List());
        Assert.Empty(vms.Processes(spec.Id));
        Assert.Empty(vms.Layout.ListVms());
        Assert.Empty(await vms.Network.ListTapsAsync());
    }

    [Fact]
    public async Task The_sweeper_ends_what_has_no_ledger_and_spares_what_has()
    {
        await using var vms = await TestVms.CreateAsync();
        var orphan = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { SkipGuestAgent = true };
        var spared = orphan with { Id = TestVms.NewId() };
        await vms.Host.StartAsync(orphan, CancellationToken.None);
        await vms.Host.StartAsync(spared, CancellationToken.None);
        await vms.CloseAsync();
        File.Delete(vms.Layout.Vm(orphan.Id).LedgerFile);
        await vms.OpenAsync();
        Assert.Single(vms.Processes(orphan.Id));

        var sweeper = new VmSweeper(vms.Host, vms.Context);
        await sweeper.SweepNetworkAsync(CancellationToken.None);
        await sweeper.SweepAsync();

        Assert.Empty(vms.Processes(orphan.Id));
        Assert.Equal([spared.Id], vms.Layout.ListVms());
        Assert.Equal([spared.Id], vms.Context.Cgroups.List());
        Assert.Single(await vms.Network.ListTapsAsync());
        Assert.Single(vms.Processes(spared.Id));
    }

    [Fact]
    public async Task Orders_of_an_earlier_owner_are_refused_also_after_a_restart()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { Epoch = 5, SkipGuestAgent = true };
        await vms.Host.StartAsync(spec, CancellationToken.None);
        Assert.Equal(6, (await vms.Host.StartAsync(spec with { Epoch = 6 }, CancellationToken.None)).Epoch);
        await vms.RestartAsync();

        var refusals = new Func<Task>[]
        {
            () => vms.Host.StartAsync(spec with { Boot = 2 }, CancellationToken.None),
            () => vms.Host.StopAsync(spec.Id, 5, Patience, CancellationToken.None),
            () => vms.Host.DeleteAsync(spec.Id, 5, CancellationToken.None),
        };
        foreach (var refused in refusals)
            Assert.Equal(NodeErrorKind.Fenced, (await Assert.ThrowsAsync<NodeException>(refused)).Kind);
        Assert.Single(vms.Processes(spec.Id));
    }
}

using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What becomes of a guest when a standby or a restore comes to nothing.</summary>
[Trait("Category", "Vm")]
public sealed class VmStandbyFailureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private static readonly string[] Down = ["sessions", "pause", "devices", "memory", "sync"];
    private static readonly string[] Up = ["network", "open", "spawn", "control", "changes", "incoming"];

    [Fact]
    public async Task A_failure_of_any_step_of_a_standby_lets_the_guest_run_on()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        foreach (var failing in Down)
        {
            var counted = await vms.CountAsync(spec.Id);
            Fail(vms, failing);

            var error = await Assert.ThrowsAsync<NodeException>(() => vms.StandbyAsync(spec.Id));

            Assert.Equal($"no {failing} today", error.Message);
            Assert.Equal(error.Message, (await vms.ReachAsync(spec.Id, VmPhase.Running)).Error);
            Assert.Empty(vms.SavedFiles(spec.Id));
            Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
        }
        Fail(vms, "");
        Assert.Equal((VmPhase.Standby, null), Pair(await vms.StandbyAsync(spec.Id)));
        Assert.Equal((VmPhase.Running, null), Pair(await vms.WakeAsync(spec.Id)));
    }

    [Fact]
    public async Task A_failure_of_any_step_of_a_restore_leaves_the_guest_in_standby()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var counted = await vms.CountAsync(spec.Id);
        await vms.StandbyAsync(spec.Id);
        foreach (var failing in Up)
        {
            Fail(vms, failing);

            var error = await Assert.ThrowsAsync<NodeException>(() => vms.WakeAsync(spec.Id));

            Assert.Equal($"no {failing} today", error.Message);
            Assert.Equal((VmPhase.Standby, error.Message), Pair(vms.Host.Find(spec.Id)!));
            await AssertAtRestAsync(vms, spec.Id);
        }
        Fail(vms, "");
        await vms.WakeAsync(spec.Id);
        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
    }

    [Fact]
    public async Task After_a_crash_in_any_step_of_a_standby_the_guest_runs_on()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var process = Assert.Single(vms.Processes(spec.Id));
        foreach (var crashed in Down)
        {
            var counted = await vms.CountAsync(spec.Id);
            var held = HeldStep.On(vms, crashed);
            var saving = vms.StandbyAsync(spec.Id);
            await held.ReachedAsync();

            await held.RestartManagerAsync();

            Assert.Equal(NodeErrorKind.Unavailable, (await Assert.ThrowsAsync<NodeException>(() => saving)).Kind);
            await vms.ReachAsync(spec.Id, VmPhase.Running);
            Assert.Equal(process, Assert.Single(vms.Processes(spec.Id)));
            Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
            Assert.Empty(vms.Layout.Vm(spec.Id).ListGenerations());
        }
        await vms.StandbyAsync(spec.Id);
        await vms.WakeAsync(spec.Id);
    }

    [Fact]
    public async Task After_a_crash_in_any_step_of_a_restore_the_guest_is_in_standby()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        foreach (var crashed in Up)
        {
            var held = HeldStep.On(vms, crashed);
            var waking = vms.WakeAsync(spec.Id);
            await held.ReachedAsync();

            await held.RestartManagerAsync();

            Assert.Equal(NodeErrorKind.Unavailable, (await Assert.ThrowsAsync<NodeException>(() => waking)).Kind);
            Assert.Contains("restore it again", vms.Host.Find(spec.Id)!.Error);
            Assert.Equal(VmPhase.Standby, vms.Host.Find(spec.Id)!.Phase);
            await AssertAtRestAsync(vms, spec.Id);
        }
        Assert.Null((await vms.WakeAsync(spec.Id)).Error);
    }

    [Fact]
    public async Task After_a_crash_before_its_processors_were_told_to_run_the_guest_runs()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var counted = await vms.CountAsync(spec.Id);
        await vms.StandbyAsync(spec.Id);
        var held = HeldStep.On(vms, "resume");
        var waking = vms.WakeAsync(spec.Id);
        await held.ReachedAsync();

        await held.RestartManagerAsync();

        Assert.Equal(NodeErrorKind.Unavailable, (await Assert.ThrowsAsync<NodeException>(() => waking)).Kind);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
        // Its memory is still told apart from the base that it maps.
        Assert.True((await vms.StandbyAsync(spec.Id)).Saved!.ChangesBytes > 0);
        await vms.WakeAsync(spec.Id);
    }

    [Fact]
    public async Task A_full_disk_lets_the_guest_run_on_and_leaves_nothing()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await using (await SmallDisk.OverAsync(vms.Layout.Memory, "4m"))
        {
            var error = await Assert.ThrowsAsync<NodeException>(() => vms.StandbyAsync(spec.Id));
            Assert.Equal(NodeErrorKind.InsufficientResources, error.Kind);
            await vms.ReachAsync(spec.Id, VmPhase.Running);
            Assert.Equal(("on\n", 0), await vms.ExecAsync(spec.Id, "/bin/echo", "on"));
            Assert.Empty(vms.SavedFiles(spec.Id));
        }
        Assert.Equal(VmPhase.Standby, (await vms.StandbyAsync(spec.Id)).Phase);
    }

    [Fact]
    public async Task What_is_damaged_is_not_run_and_not_thrown_away()
    {
        (string Name, string How)[] damages =
        [
            ("manifest.json", "cut"), ("devices", "flipped"), ("devices", "gone"), ("changes", "flipped"), ("changes", "cut"), ("pages", "gone"),
            ("pages", "cut"),
        ];
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        await vms.WakeAsync(spec.Id);
        await vms.StandbyAsync(spec.Id);
        foreach (var (name, how) in damages)
        {
            var file = Assert.Single(vms.SavedFiles(spec.Id), path => Path.GetFileName(path) == name);
            await Command.RunAsync("cp", ["-a", file, file + ".good"], CancellationToken.None);
            DamagedFiles.Damage(file, how);

            var error = await Assert.ThrowsAsync<NodeException>(() => vms.WakeAsync(spec.Id));

            Assert.Equal(NodeErrorKind.Internal, error.Kind);
            Assert.StartsWith("The saved memory cannot be used", error.Message, StringComparison.Ordinal);
            Assert.Equal((VmPhase.Standby, error.Message), Pair(vms.Host.Find(spec.Id)!));
            await AssertAtRestAsync(vms, spec.Id);
            await vms.RestartAsync();
            File.Move(file + ".good", file, overwrite: true);
        }
        await vms.WakeAsync(spec.Id);
    }

    [Fact]
    public async Task What_another_hypervisor_has_saved_is_refused_with_the_reason()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        var folder = Assert.Single(vms.Layout.Vm(spec.Id).ListGenerations());
        var saved = folder.Read();
        folder.Write(saved with { Machine = saved.Machine with { Program = "QEMU 6.0 (tcg)" } });

        var error = await Assert.ThrowsAsync<NodeException>(() => vms.WakeAsync(spec.Id));

        Assert.Equal(NodeErrorKind.NotSupported, error.Kind);
        Assert.Contains("saved by QEMU 6.0 (tcg), and this host has QEMU 7", error.Message, StringComparison.Ordinal);
        folder.Write(saved);
        await vms.WakeAsync(spec.Id);
    }

    [Theory]
    [InlineData("stop")]
    [InlineData("delete")]
    public async Task A_stop_or_delete_wins_over_a_standby_in_flight(string order)
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var held = HeldStep.On(vms, "memory");
        var saving = vms.StandbyAsync(spec.Id);
        await held.ReachedAsync();
        Assert.Equal(VmPhase.Paused, vms.Host.Find(spec.Id)!.Phase);

        if (order == "stop")
            Assert.Equal(VmPhase.Stopped, (await vms.Host.StopAsync(spec.Id, 1, Patience, CancellationToken.None)).Phase);
        else
            await vms.Host.DeleteAsync(spec.Id, 1, CancellationToken.None);

        Assert.Equal(NodeErrorKind.WrongPhase, (await Assert.ThrowsAsync<NodeException>(() => saving)).Kind);
        Assert.Empty(vms.Processes(spec.Id));
        Assert.Empty(vms.SavedFiles(spec.Id));
    }

    [Fact]
    public async Task A_hypervisor_that_dies_while_its_guest_is_saved_is_a_stop()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var process = Assert.Single(vms.Processes(spec.Id));
        vms.BeforeStep = (_, step, _) => step == "devices" ? VmRelease.KillAsync(process, TimeProvider.System) : Task.CompletedTask;

        await Assert.ThrowsAsync<NodeException>(() => vms.StandbyAsync(spec.Id));

        Assert.Contains("hypervisor ended", (await vms.ReachAsync(spec.Id, VmPhase.Stopped)).Error);
        Assert.Empty(vms.SavedFiles(spec.Id));
        await vms.RunAsync(spec with { Boot = 2 });
    }

    [Fact]
    public async Task What_was_whole_when_host_and_process_went_down_is_a_standby()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var (counted, process) = (await vms.CountAsync(spec.Id), Assert.Single(vms.Processes(spec.Id)));
        await vms.StandbyAsync(spec.Id);
        await vms.CloseAsync();
        var ledger = vms.Layout.Vm(spec.Id).LedgerFile;
        VmLedger.Write(ledger, VmLedger.Read(ledger)! with { Stage = VmStage.Saving, Process = process, Generation = null, Saved = null });

        await vms.OpenAsync();

        Assert.Equal(VmPhase.Standby, vms.Host.Find(spec.Id)!.Phase);
        Assert.NotNull(vms.Host.Find(spec.Id)!.Saved);
        await vms.WakeAsync(spec.Id);
        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
    }

    private static void Fail(TestVms vms, string failing) => vms.BeforeStep = (_, step, _) => step == failing
        ? Task.FromException(new NodeException(NodeErrorKind.InsufficientResources, $"no {failing} today"))
        : Task.CompletedTask;

    private static async Task AssertAtRestAsync(TestVms vms, string id)
    {
        Assert.Empty(vms.Processes(id));
        Assert.Empty(await vms.Network.ListTapsAsync());
        Assert.Empty(vms.Context.Cgroups.List());
        Assert.True(File.Exists(vms.Layout.Vm(id).ConfigDisk));
    }

    private static (VmPhase, string?) Pair(VmStatus status) => (status.Phase, status.Error);
}

using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>Snapshots of real guests, and guests that go back to one.</summary>
[Trait("Category", "Vm")]
public sealed class VmSnapshotTests
{
    private const string Show = "cat /on-disk /dev/shm/in-memory";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(60);

    [Theory]
    [InlineData("qemu")]
    [InlineData("qemu-microvm")]
    public async Task A_vm_goes_back_to_its_memory_and_its_disk_of_then_again_and_again(string hypervisor)
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting() with { Hypervisor = hypervisor };
        await vms.RunAsync(spec);
        await WriteAsync(vms, spec, "before");
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        var taken = await vms.CountAsync(spec.Id);
        foreach (var boot in (long[])[2, 3])
        {
            await WriteAsync(vms, spec, "after");
            await CountToAsync(vms, spec, taken + 100);
            await vms.StopAsync(spec);

            var reverted = await vms.RevertAsync(spec with { Boot = boot }, snapshot.Id);

            Assert.Equal((VmPhase.Standby, boot, true, null), (reverted.Phase, reverted.Boot, reverted.HasRun, reverted.ExitedAt));
            await vms.WakeAsync(spec.Id);
            Assert.InRange(await vms.CountAsync(spec.Id), 1, taken + 99);
            Assert.Equal("before\nbefore", await vms.ShellAsync(spec, Show));
            await vms.AssertIsItselfAsync(spec);
        }
        Assert.Single(vms.Bases());
    }

    [Fact]
    public async Task A_guest_of_which_a_snapshot_is_taken_runs_on()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = CopiedVms.CountingAndServing();
        var before = await vms.RunAsync(spec);
        var (process, counted) = (Assert.Single(vms.Processes(spec.Id)), await vms.CountAsync(spec.Id));
        await vms.ShellAsync(spec, "echo here > /tmp/who");

        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);

        var after = await vms.ReachAsync(spec.Id, VmPhase.Running);
        Assert.Equal(
            (before.Ip, before.Mac, before.StartedAt, 1L, null, null), (after.Ip, after.Mac, after.StartedAt, after.Boot, after.Saved, after.Error));
        Assert.Equal(process, Assert.Single(vms.Processes(spec.Id)));
        Assert.Superset((HashSet<string>)["sessions", "pause", "devices", "memory", "disk", "sync", "agent"], after.Timings.Keys.ToHashSet());
        await CountToAsync(vms, spec, counted + 1);
        Assert.Equal("here", await vms.GetAsync(spec, "who"));
        Assert.Equal((spec.Id, true), (snapshot.VmId, snapshot.SizeBytes > snapshot.Memory!.BaseBytes));
        Assert.Equal(snapshot, Assert.Single(vms.Snapshots.List()));
    }

    [Fact]
    public async Task A_second_snapshot_is_whole_without_the_first()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var first = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        CopiedVms.Report("first", (await vms.ReachAsync(spec.Id, VmPhase.Running)).Timings, first.Memory);
        var counted = await vms.CountAsync(spec.Id);
        var second = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        CopiedVms.Report("second", (await vms.ReachAsync(spec.Id, VmPhase.Running)).Timings, second.Memory);

        await vms.Snapshots.DeleteAsync(first.Id, CancellationToken.None);

        Assert.Single(vms.Bases());
        var copy = await vms.ForkAwakeAsync(spec, ForkSource.Snapshot(second.Id));
        Assert.InRange(await vms.CountAsync(copy.Id), counted, counted + 1000);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_vm_goes_back_to_a_disk_and_boots_from_it(bool sleeps)
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await WriteAsync(vms, spec, "before");
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec, withMemory: false);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        await WriteAsync(vms, spec, "after");
        if (sleeps)
            await vms.StandbyAsync(spec.Id);
        else
            await vms.StopAsync(spec);

        var reverted = await vms.RevertAsync(spec with { Boot = 2 }, snapshot.Id, withMemory: false);

        Assert.Equal((VmPhase.Stopped, 2, false, null), (reverted.Phase, reverted.Boot, reverted.HasRun, reverted.Saved));
        Assert.Empty(vms.SavedFiles(spec.Id));
        Assert.False(File.Exists(vms.Layout.Vm(spec.Id).ConfigDisk));
        await vms.RunAsync(spec with { Boot = 3 });
        Assert.Equal("before", await vms.ShellAsync(spec, "cat /on-disk"));
    }

    [Fact]
    public async Task A_snapshot_with_memory_serves_as_one_of_the_disk_too()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await WriteAsync(vms, spec, "before");
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await vms.StopAsync(spec);

        Assert.Equal(VmPhase.Stopped, (await vms.RevertAsync(spec with { Boot = 2 }, snapshot.Id, withMemory: false)).Phase);

        await vms.RunAsync(spec with { Boot = 2 });
        Assert.Equal("before", await vms.ShellAsync(spec, "cat /on-disk"));
        Assert.NotNull(Assert.Single(vms.Snapshots.List()).Memory);
    }

    [Fact]
    public async Task What_a_vm_in_standby_had_saved_goes_when_it_goes_back()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await WriteAsync(vms, spec, "before");
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        var kept = Assert.Single(vms.Bases());
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        await WriteAsync(vms, spec, "after");
        // So much that it gets a base of its own.
        await vms.ShellAsync(spec, "head -c 75000000 /dev/urandom > /dev/shm/much");
        await vms.StandbyAsync(spec.Id);
        Assert.Equal(2, vms.Bases().Count);

        await vms.RevertAsync(spec with { Boot = 2 }, snapshot.Id);

        Assert.Equal(kept, Assert.Single(vms.Bases()));
        Assert.Single(vms.Layout.Vm(spec.Id).ListGenerations());
        await vms.WakeAsync(spec.Id);
        Assert.Equal("before\nbefore", await vms.ShellAsync(spec, Show));
    }

    [Fact]
    public async Task A_snapshot_of_a_vm_in_standby_outlives_it_and_what_it_has_become_since()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.StandbyAsync(spec.Id);
        await vms.WakeAsync(spec.Id);
        await WriteAsync(vms, spec, "before");
        var resting = await vms.StandbyAsync(spec.Id);

        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);

        Assert.Equal(resting, vms.Host.Find(spec.Id));
        Assert.Equal(resting.Saved, snapshot.Memory);
        Assert.True(snapshot.Memory!.ChangesBytes > 0);
        await vms.WakeAsync(spec.Id);
        await WriteAsync(vms, spec, "after");
        var copy = await vms.ForkAwakeAsync(spec, ForkSource.Snapshot(snapshot.Id));
        Assert.Equal("before\nbefore", await vms.ShellAsync(copy, Show));
        await vms.DeleteAsync(copy);
        await vms.DeleteAsync(spec);
        Assert.Single(vms.Bases());
        await vms.Snapshots.DeleteAsync(snapshot.Id, CancellationToken.None);
        vms.AssertNoCopyIsLeft();
    }

    [Fact]
    public async Task Snapshots_are_there_after_a_restart_too()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var (with, without) = (CopiedVms.NewSnapshotId(), CopiedVms.NewSnapshotId());
        SnapshotStatus[] taken = [await vms.TakeAsync(with, spec), await TakeAsync(without)];

        await vms.RestartAsync();
        await vms.SweepAsync();

        Assert.Equal(taken.OrderBy(one => one.Id), vms.Snapshots.List().OrderBy(one => one.Id));
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        await vms.ForkAwakeAsync(spec, ForkSource.Snapshot(with));

        async Task<SnapshotStatus> TakeAsync(string id)
        {
            await vms.ReachAsync(spec.Id, VmPhase.Running);
            return await vms.TakeAsync(id, spec, withMemory: false);
        }
    }

    [Fact]
    public async Task A_guest_without_an_agent_runs_on_and_goes_back_too()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting() with { SkipGuestAgent = true };
        await vms.RunAsync(spec);
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        Assert.Equal(VmPhase.Running, (await vms.ReachAsync(spec.Id, VmPhase.Running)).Phase);
        await vms.StandbyAsync(spec.Id);
        await vms.RevertAsync(spec with { Boot = 2 }, snapshot.Id);
        Assert.Equal((VmPhase.Running, 2), await vms.WakeAsync(spec.Id) is var awake ? (awake.Phase, awake.Boot) : default);
    }

    [Fact]
    public async Task An_exit_of_the_program_after_going_back_is_seen()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sh", "-c", "while [ ! -e /tmp/go ]; do sleep 0.1; done; exit 9");
        await vms.RunAsync(spec);
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        for (var boot = 2; boot <= 3; boot++)
        {
            await using var touch = await vms.StartAsync(spec.Id, "/bin/touch", "/tmp/go");
            Assert.Equal(9, (await vms.ReachAsync(spec.Id, VmPhase.Stopped)).ExitCode);
            Assert.Null((await vms.RevertAsync(spec with { Boot = boot }, snapshot.Id)).ExitCode);
            await vms.WakeAsync(spec.Id);
        }
    }

    [Fact]
    public async Task A_running_vm_does_not_go_back()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        var error = await Assert.ThrowsAsync<NodeException>(() => vms.RevertAsync(spec with { Boot = 2 }, snapshot.Id));
        Assert.Equal(NodeErrorKind.WrongPhase, error.Kind);
        Assert.Equal((VmPhase.Running, 1), (vms.Host.Find(spec.Id)!.Phase, vms.Host.Find(spec.Id)!.Boot));
    }

    private static Task<string> WriteAsync(TestVms vms, VmSpec spec, string text) =>
        vms.ShellAsync(spec, $"echo {text} > /on-disk; echo {text} > /dev/shm/in-memory; sync");

    private static Task CountToAsync(TestVms vms, VmSpec spec, int least) =>
        Until.True(async () => await vms.CountAsync(spec.Id) >= least, Patience, $"{spec.Id} counts to {least}");
}

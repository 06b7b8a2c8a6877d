using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What becomes of a guest, and of what is made from it, when a snapshot or a copy comes to nothing.</summary>
[Trait("Category", "Vm")]
public sealed class VmSnapshotFailureTests
{
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    /// <summary>Far more than what does not wait needs.</summary>
    private static readonly TimeSpan Moment = TimeSpan.FromSeconds(1);

    private static readonly string[] Steps = ["sessions", "pause", "devices", "memory", "disk", "sync"];

    [Fact]
    public async Task A_failure_of_any_step_lets_the_guest_run_on_and_leaves_nothing()
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        foreach (var failing in Steps)
        {
            vms.BeforeStep = (_, step, _) => step == failing
                ? Task.FromException(new NodeException(NodeErrorKind.InsufficientResources, $"no {failing} today"))
                : Task.CompletedTask;

            var error = await Assert.ThrowsAsync<NodeException>(() => vms.TakeAsync(CopiedVms.NewSnapshotId(), spec));

            Assert.Equal($"no {failing} today", error.Message);
            await AssertRunsOnAsync(vms, spec, counted);
            vms.AssertNoCopyIsLeft();
        }
        vms.BeforeStep = (_, _, _) => Task.CompletedTask;
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await vms.ForkAwakeAsync(spec, ForkSource.Snapshot(snapshot.Id));
    }

    [Fact]
    public async Task After_a_crash_in_any_step_the_guest_runs_on_and_no_snapshot_is_there()
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        var process = Assert.Single(vms.Processes(spec.Id));
        foreach (var crashed in Steps)
        {
            var held = HeldStep.On(vms, crashed);
            var taking = vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
            await held.ReachedAsync();
            Assert.Empty(vms.Snapshots.List());

            await held.RestartManagerAsync();
            await vms.SweepAsync();

            Assert.Equal(NodeErrorKind.Unavailable, (await Assert.ThrowsAsync<NodeException>(() => taking)).Kind);
            await AssertRunsOnAsync(vms, spec, counted);
            Assert.Equal(process, Assert.Single(vms.Processes(spec.Id)));
            vms.AssertNoCopyIsLeft();
        }
        await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
    }

    [Theory]
    [InlineData("devices")]
    [InlineData("sync")]
    public async Task What_a_killed_manager_has_left_of_a_snapshot_goes(string reached)
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        using var copy = new TemporaryFolder();
        var id = CopiedVms.NewSnapshotId();
        var held = HeldStep.On(vms, reached);
        var taking = vms.TakeAsync(id, spec);
        await held.ReachedAsync();
        await Command.RunAsync("cp", ["-a", "--sparse=always", vms.Layout.Snapshots, vms.Layout.Memory, copy.Path], CancellationToken.None);
        vms.BeforeStep = (_, _, _) => Task.CompletedTask;
        await vms.CloseAsync();
        await Assert.ThrowsAsync<NodeException>(() => taking);
        // One that is killed has no time to remove what it has begun.
        await Command.RunAsync("cp", ["-a", copy.PathOf("snapshots"), copy.PathOf("memory"), vms.Layout.Root], CancellationToken.None);

        await vms.OpenAsync();

        Assert.Equal((true, null, 0), (Directory.Exists(vms.Layout.Snapshot(id).Directory), vms.Snapshots.Find(id), vms.Snapshots.List().Count));
        await vms.SweepAsync();
        vms.AssertNoCopyIsLeft();
        await AssertRunsOnAsync(vms, spec, counted);
    }

    [Theory]
    [InlineData("sessions")]
    [InlineData("pause")]
    [InlineData("devices")]
    [InlineData("memory")]
    public async Task A_hypervisor_that_dies_before_its_memory_is_read_is_a_stop_without_a_snapshot(string step)
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, _) = await CountingAsync(vms);
        KillBefore(vms, spec, step);

        await Assert.ThrowsAsync<NodeException>(() => vms.TakeAsync(CopiedVms.NewSnapshotId(), spec));

        Assert.Contains("hypervisor ended", (await vms.ReachAsync(spec.Id, VmPhase.Stopped)).Error);
        vms.AssertNoCopyIsLeft();
        await vms.RunAsync(spec with { Boot = 2 });
    }

    [Theory]
    [InlineData("disk")]
    [InlineData("sync")]
    public async Task What_was_read_before_a_hypervisor_dies_is_a_snapshot(string step)
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        KillBefore(vms, spec, step);

        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);

        Assert.Contains("hypervisor ended", (await vms.ReachAsync(spec.Id, VmPhase.Stopped)).Error);
        var copy = await vms.ForkAwakeAsync(spec, ForkSource.Snapshot(snapshot.Id));
        Assert.InRange(await vms.CountAsync(copy.Id), counted, counted + 1000);
    }

    [Theory]
    [InlineData(4, "memory")]
    [InlineData(120, "disk")]
    public async Task A_full_disk_lets_the_guest_run_on_and_leaves_nothing(int megabytesLeft, string full)
    {
        await using var disk = await SmallDisk.MountAsync("4g");
        await using var vms = await TestVms.CreateAsync(made => made.Disks.MinFreeBytes = 0, disk.PathOf("node"));
        var (spec, counted) = await CountingAsync(vms);
        await vms.ShellAsync(spec, "head -c 30000000 /dev/urandom > /much; sync");
        await disk.LeaveAsync((long)megabytesLeft << 20);
        var reached = "";
        vms.BeforeStep = (_, step, _) => Task.FromResult(reached = step);

        var error = await Assert.ThrowsAsync<NodeException>(() => vms.TakeAsync(CopiedVms.NewSnapshotId(), spec));

        Assert.Equal((NodeErrorKind.InsufficientResources, full), (error.Kind, reached));
        await AssertRunsOnAsync(vms, spec, counted);
        vms.AssertNoCopyIsLeft();
        await disk.ResizeAsync("4g");
        await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_copy_for_which_there_is_no_room_can_be_made_later(bool withMemory)
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        var copy = CopiedVms.CopyOf(spec);
        vms.Disks.MinFreeBytes = long.MaxValue / 2;

        var error = await Assert.ThrowsAsync<NodeException>(() => vms.ForkAsync(copy, CopiedVms.Source(spec), withMemory));

        Assert.Equal(NodeErrorKind.InsufficientResources, error.Kind);
        Assert.Equal(VmPhase.Arriving, vms.Host.Find(copy.Id)!.Phase);
        await AssertRunsOnAsync(vms, spec, counted);
        vms.AssertNoCopyIsLeft();
        vms.Disks.MinFreeBytes = 0;
        var made = await vms.ForkAsync(copy, CopiedVms.Source(spec), withMemory);
        Assert.Equal(withMemory ? VmPhase.Standby : VmPhase.Stopped, made.Phase);
    }

    [Theory]
    [InlineData("stop", "memory")]
    [InlineData("delete", "memory")]
    [InlineData("delete", "disk")]
    [InlineData("stop", "sync")]
    public async Task A_stop_or_delete_wins_over_a_snapshot_in_flight(string order, string step)
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, _) = await CountingAsync(vms);
        var held = HeldStep.On(vms, step);
        var taking = vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await held.ReachedAsync();

        if (order == "stop")
            Assert.Equal(VmPhase.Stopped, (await vms.StopAsync(spec)).Phase);
        else
            await vms.DeleteAsync(spec);

        Assert.Equal(NodeErrorKind.WrongPhase, (await Assert.ThrowsAsync<NodeException>(() => taking)).Kind);
        Assert.Equal(order == "stop", vms.Host.Find(spec.Id) is not null);
        Assert.Empty(vms.Processes(spec.Id));
        vms.AssertNoCopyIsLeft();
    }

    [Fact]
    public async Task Who_no_longer_wants_a_snapshot_gets_none()
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        var held = HeldStep.On(vms, "memory");
        using var leaving = new CancellationTokenSource();
        var taking = vms.Snapshots.TakeAsync(CopiedVms.NewSnapshotId(), spec.Id, 1, withMemory: true, leaving.Token);
        await held.ReachedAsync();

        await leaving.CancelAsync();

        Assert.Equal(NodeErrorKind.WrongPhase, (await Assert.ThrowsAsync<NodeException>(() => taking)).Kind);
        vms.AssertNoCopyIsLeft();
        await AssertRunsOnAsync(vms, spec, counted);
    }

    [Fact]
    public async Task A_delete_of_a_copy_waits_until_nothing_is_written_for_it_any_more()
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        var (reached, left, end) = (Signal(), Signal(), Signal());
        vms.BeforeStep = async (_, step, cancellationToken) =>
        {
            if (step != "disk")
                return;
            cancellationToken.Register(left.SetResult);
            reached.SetResult();
            await end.Task;
        };
        var copy = CopiedVms.CopyOf(spec);
        var forking = vms.ForkAsync(copy, CopiedVms.Source(spec));
        await reached.Task.WaitAsync(Patience);

        var deleting = vms.DeleteAsync(copy);
        try
        {
            await left.Task.WaitAsync(Patience);
            await Assert.ThrowsAsync<TimeoutException>(() => deleting.WaitAsync(Moment));
        }
        finally
        {
            end.SetResult();
        }

        await deleting.WaitAsync(Patience);
        Assert.Equal(NodeErrorKind.WrongPhase, (await Assert.ThrowsAsync<NodeException>(() => forking)).Kind);
        Assert.Equal((null, 1), (vms.Host.Find(copy.Id), vms.Layout.ListVms().Count));
        vms.AssertNoCopyIsLeft();
        await AssertRunsOnAsync(vms, spec, counted);
    }

    [Fact]
    public async Task After_a_crash_while_a_copy_is_filled_the_order_can_be_repeated()
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        foreach (var crashed in Steps)
            await CrashAsync(vms, spec, counted, crashed);
    }

    private static async Task CrashAsync(TestVms vms, VmSpec spec, int counted, string crashed)
    {
        var copy = CopiedVms.CopyOf(spec);
        var held = HeldStep.On(vms, crashed);
        var forking = vms.ForkAsync(copy, CopiedVms.Source(spec));
        await held.ReachedAsync();

        await held.RestartManagerAsync();
        await vms.SweepAsync();

        Assert.Equal(NodeErrorKind.Unavailable, (await Assert.ThrowsAsync<NodeException>(() => forking)).Kind);
        Assert.Equal(VmPhase.Arriving, vms.Host.Find(copy.Id)!.Phase);
        vms.AssertNoCopyIsLeft();
        await AssertRunsOnAsync(vms, spec, counted);
        await vms.ForkAsync(copy, CopiedVms.Source(spec));
        await vms.WakeAsync(copy.Id);
        Assert.InRange(await vms.CountAsync(copy.Id), counted, counted + 1000);
        await vms.DeleteAsync(copy);
        await vms.SweepAsync();
    }

    [Theory]
    [InlineData("nothing")]
    [InlineData("disk")]
    [InlineData("all")]
    public async Task After_a_crash_when_some_has_taken_its_place_the_rest_takes_it_too(string moved)
    {
        await using var vms = await TestVms.CreateAsync();
        var (spec, counted) = await CountingAsync(vms);
        await vms.ShellAsync(spec, "echo before > /file; sync");
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        await vms.ShellAsync(spec, "echo after > /file; sync");
        await vms.StandbyAsync(spec.Id);
        var layout = vms.Layout.Vm(spec.Id);
        await vms.Context.Snapshots.CopyAsync(snapshot.Id, layout.Arrival, withMemory: true, CancellationToken.None);
        await vms.CloseAsync();
        var record = VmLedger.Read(layout.LedgerFile)!;
        VmLedger.Write(
            layout.LedgerFile, record with { Spec = spec with { Boot = 2 }, Stage = VmStage.Adopting, Generation = 2, Saved = null });
        if (moved != "nothing")
            layout.Arrival.FilesWith(memory: moved == "all").MoveTo(layout.FilesOf(layout.Generation(2)));

        await vms.OpenAsync();

        Assert.Equal((VmPhase.Standby, 2), vms.Host.Find(spec.Id) is { } taken ? (taken.Phase, taken.Boot) : default);
        Assert.False(Directory.Exists(layout.Arrival.Directory));
        Assert.Single(layout.ListGenerations());
        Assert.Single(vms.Bases());
        await vms.WakeAsync(spec.Id);
        Assert.InRange(await vms.CountAsync(spec.Id), counted, counted + 1000);
        Assert.Equal("before", await vms.ShellAsync(spec, "cat /file"));
    }

    [Fact]
    public async Task A_damaged_snapshot_is_refused_and_leaves_the_vm_as_it_was()
    {
        (string Name, string How)[] damages =
        [
            ("manifest.json", "cut"), ("overlay.ext4", "gone"), ("config.disk", "gone"), ("events", "gone"), ("memory/changes", "cut"),
            ("memory/changes", "gone"), ("memory/devices", "cut"), ("memory/devices", "flipped"), ("../../memory/*/pages", "gone"),
            // Last: what nobody says he needs goes when the next thing is deleted.
            ("memory/manifest.json", "cut"), ("memory/manifest.json", "gone"),
        ];
        await using var vms = await TestVms.CreateAsync();
        var (spec, _) = await CountingAsync(vms);
        await vms.StandbyAsync(spec.Id);
        await vms.WakeAsync(spec.Id);
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        var whole = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec, withMemory: false);
        await vms.ReachAsync(spec.Id, VmPhase.Running);
        await vms.ShellAsync(spec, "echo after > /file; sync");
        await vms.StopAsync(spec);
        foreach (var (name, how) in damages)
        {
            var (before, file) = (vms.Host.Find(spec.Id), Find(vms, snapshot, name));
            await Command.RunAsync("cp", ["-a", file, file + ".good"], CancellationToken.None);
            DamagedFiles.Damage(file, how);

            await AssertDamagedAsync(() => vms.RevertAsync(spec with { Boot = 2 }, snapshot.Id));

            Assert.Equal(before, vms.Host.Find(spec.Id));
            var copy = CopiedVms.CopyOf(spec);
            await AssertDamagedAsync(() => vms.ForkAsync(copy, ForkSource.Snapshot(snapshot.Id)));
            await vms.DeleteAsync(copy);
            Assert.Contains(whole.Id, vms.Snapshots.List().Select(one => one.Id));
            File.Move(file + ".good", file, overwrite: true);
            await vms.RestartAsync();
        }
        await vms.RunAsync(spec with { Boot = 2 });
        Assert.Equal("after", await vms.ShellAsync(spec, "cat /file"));
        foreach (var id in (string[])[snapshot.Id, whole.Id])
            await vms.Snapshots.DeleteAsync(id, CancellationToken.None);
        vms.AssertNoCopyIsLeft();
    }

    private static async Task AssertDamagedAsync(Func<Task> order)
    {
        var error = await Assert.ThrowsAsync<NodeException>(order);
        Assert.Equal(NodeErrorKind.Internal, error.Kind);
        Assert.Matches("^The (snapshot|saved memory) cannot be used: ", error.Message);
    }

    private static string Find(TestVms vms, SnapshotStatus snapshot, string name)
    {
        var path = Path.GetFullPath(Path.Combine(vms.Layout.Snapshot(snapshot.Id).Directory, name));
        return path.Contains('*') ? Path.Combine(Assert.Single(vms.Bases()), Path.GetFileName(path)) : path;
    }

    private static async Task<(VmSpec Spec, int Counted)> CountingAsync(TestVms vms)
    {
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        return (spec, await vms.CountAsync(spec.Id));
    }

    private static async Task AssertRunsOnAsync(TestVms vms, VmSpec spec, int counted)
    {
        var status = await vms.ReachAsync(spec.Id, VmPhase.Running);
        Assert.Equal(1, status.Boot);
        var now = await vms.CountAsync(spec.Id);
        Assert.InRange(now, counted, counted + 1000);
        await Until.True(async () => await vms.CountAsync(spec.Id) > now, Patience, $"{spec.Id} counts on from {now}");
    }

    private static void KillBefore(TestVms vms, VmSpec spec, string before)
    {
        var process = Assert.Single(vms.Processes(spec.Id));
        vms.BeforeStep = (_, step, _) => step == before ? VmRelease.KillAsync(process, TimeProvider.System) : Task.CompletedTask;
    }

    private static TaskCompletionSource Signal() => new(TaskCreationOptions.RunContinuationsAsynchronously);
}

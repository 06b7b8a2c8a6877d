using System.Globalization;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>Copies of real guests, which go on beside what they are copies of.</summary>
[Trait("Category", "Vm")]
public sealed class VmForkTests
{
    private const string MachineIdFile = "/etc/machine-id";

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    [Theory]
    [InlineData("qemu")]
    [InlineData("qemu-microvm")]
    public async Task A_copy_of_a_running_guest_goes_on_beside_it_as_another_machine(string hypervisor)
    {
        await using var vms = await TestVms.CreateAsync();
        var source = CopiedVms.CountingAndServing() with { Hypervisor = hypervisor };
        var running = await vms.RunAsync(source);
        var process = Assert.Single(vms.Processes(source.Id));
        var counted = await vms.CountAsync(source.Id);

        var copy = CopiedVms.CopyOf(source);
        var resting = await vms.ForkAsync(copy, CopiedVms.Source(source));
        CopiedVms.Report("source", vms.Host.Find(source.Id)!.Timings, resting.Saved);
        var awake = await vms.WakeAsync(copy.Id);
        CopiedVms.Report("copy", awake.Timings, awake.Saved);

        var after = await vms.ReachAsync(source.Id, VmPhase.Running);
        Assert.Equal((running.Ip, running.Mac, running.StartedAt, 1), (after.Ip, after.Mac, after.StartedAt, after.Boot));
        Assert.Equal(process, Assert.Single(vms.Processes(source.Id)));
        Assert.NotEqual((running.Ip, running.Mac), (awake.Ip, awake.Mac));
        await Task.WhenAll(CountsOnAsync(vms, source, counted), CountsOnAsync(vms, copy, counted));
        await vms.AssertIsItselfAsync(source);
        await vms.AssertIsItselfAsync(copy);
    }

    [Fact]
    public async Task Many_copies_that_are_asked_for_at_once_are_made_one_after_the_other()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        var counted = await vms.CountAsync(source.Id);

        var copies = await Task.WhenAll(Enumerable.Range(0, 5).Select(async _ => await vms.ForkAwakeAsync(source)));

        foreach (var spec in copies.Append(source))
            await CountsOnAsync(vms, spec, counted);
    }

    [Fact]
    public async Task A_server_in_memory_answers_at_the_address_of_each()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = CopiedVms.CountingAndServing();
        await vms.RunAsync(source);
        var copy = await vms.ForkAwakeAsync(source);

        foreach (var spec in (VmSpec[])[source, copy])
            await vms.ShellAsync(spec, "hostname > /tmp/who");

        Assert.Equal(copy.Hostname, await vms.GetAsync(copy, "who"));
        Assert.Equal(source.Hostname, await vms.GetAsync(source, "who"));
    }

    [Fact]
    public async Task What_was_written_before_is_in_both_and_what_is_written_after_in_one()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        await vms.ShellAsync(source, "echo kept > /kept; echo in memory > /dev/shm/kept");
        var copy = await vms.ForkAwakeAsync(source);

        foreach (var spec in (VmSpec[])[source, copy])
        {
            await vms.ShellAsync(spec, $"echo mine > /of-{spec.Id}; sync");
            Assert.Equal("kept\nin memory", await vms.ShellAsync(spec, "cat /kept /dev/shm/kept"));
        }
        foreach (var spec in (VmSpec[])[source, copy])
            Assert.Equal($"/of-{spec.Id}", await vms.ShellAsync(spec, "ls -d /of-*"));
    }

    [Fact]
    public async Task Copies_of_one_snapshot_share_its_base_and_have_clocks_and_random_numbers_of_their_own()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), source);
        var later = snapshot.TakenAt + TimeSpan.FromSeconds(4);
        await Until.True(() => TimeProvider.System.GetUtcNow() > later, Patience, "some seconds have passed");

        var copies = new List<VmSpec>();
        for (var i = 0; i < 3; i++)
            copies.Add(await vms.ForkAwakeAsync(source, ForkSource.Snapshot(snapshot.Id)));

        var random = new List<string>();
        foreach (var copy in copies)
        {
            Assert.InRange((await ClockAsync(vms, copy)).TotalSeconds, -0.5, 2);
            random.Add(await vms.ShellAsync(copy, "head -c 16 /dev/urandom | hexdump -e '16/1 \"%02x\"'"));
        }
        Assert.Equal(3, random.Where(one => one.Length == 32).Distinct().Count());

        await vms.DeleteAsync(source);
        await vms.Snapshots.DeleteAsync(snapshot.Id, CancellationToken.None);
        foreach (var copy in copies)
        {
            Assert.Single(vms.Bases());
            await vms.ShellAsync(copy, "true");
            await vms.DeleteAsync(copy);
        }
        vms.AssertNoCopyIsLeft();
    }

    [Fact]
    public async Task Copies_that_are_wanted_at_once_of_one_running_guest_come_one_after_another()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        var counted = await vms.CountAsync(source.Id);

        var copies = await Task.WhenAll(Enumerable.Range(0, 2).Select(_ => ForkOnceItRunsAsync()));

        Assert.Equal(3, vms.Host.List().Select(vm => vm.Ip).Distinct().Count());
        await vms.ReachAsync(source.Id, VmPhase.Running);
        foreach (var spec in copies.Append(source))
            await CountsOnAsync(vms, spec, counted);

        async Task<VmSpec> ForkOnceItRunsAsync()
        {
            var copy = CopiedVms.CopyOf(source);
            while (true)
            {
                await vms.ReachAsync(source.Id, VmPhase.Running);
                try
                {
                    await vms.ForkAsync(copy, CopiedVms.Source(source));
                    await vms.WakeAsync(copy.Id);
                    return copy;
                }
                catch (NodeException e) when (e.Kind == NodeErrorKind.Unavailable)
                {
                    // It goes on from another copy just now.
                }
            }
        }
    }

    [Fact]
    public async Task A_dozen_that_sleep_are_woken_at_once_and_all_come_up()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = CopiedVms.CountingAndServing();
        await vms.RunAsync(source);
        var counted = await vms.CountAsync(source.Id);
        await vms.StandbyAsync(source.Id);
        var copies = Enumerable.Range(0, 12).Select(_ => CopiedVms.CopyOf(source)).ToList();
        foreach (var copy in copies)
            await vms.ForkAsync(copy, CopiedVms.Source(source));

        await Task.WhenAll(copies.Select(copy => vms.WakeAsync(copy.Id)));

        Assert.Equal(copies.Count, copies.Select(copy => vms.Host.Find(copy.Id)!.Ip).Distinct().Count());
        Assert.Single(vms.Bases());
        foreach (var copy in copies)
            Assert.True(int.Parse(await vms.GetAsync(copy, "n"), CultureInfo.InvariantCulture) >= counted);
        await Task.WhenAll(copies.Append(source).Select(vms.DeleteAsync));
        vms.AssertNoCopyIsLeft();
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_machine_id_is_the_copys_own(bool withMemory)
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        var present = Guid.NewGuid().ToString("N");
        await vms.ShellAsync(source, $"echo {present} > {MachineIdFile}; sync");

        var copy = await ForkAndRunAsync(vms, source, withMemory);

        Assert.Equal(copy.MachineId, await vms.ShellAsync(copy, $"cat {MachineIdFile}"));
        Assert.Equal(present, await vms.ShellAsync(source, $"cat {MachineIdFile}"));
    }

    [Theory]
    [InlineData(true, "rm -f " + MachineIdFile, "")]
    [InlineData(false, "rm -f " + MachineIdFile, "")]
    [InlineData(true, "echo uninitialized > " + MachineIdFile, "uninitialized")]
    [InlineData(false, "echo uninitialized > " + MachineIdFile, "uninitialized")]
    public async Task A_guest_without_a_machine_id_gets_none(bool withMemory, string before, string after)
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        await vms.ShellAsync(source, $"{before}; sync");

        var copy = await ForkAndRunAsync(vms, source, withMemory);

        Assert.Equal(after, await vms.ShellAsync(copy, $"if [ -e {MachineIdFile} ]; then cat {MachineIdFile}; fi"));
    }

    [Fact]
    public async Task A_vm_in_standby_stays_there_while_its_copy_runs()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        var counted = await vms.CountAsync(source.Id);
        var resting = await vms.StandbyAsync(source.Id);

        var copy = await vms.ForkAwakeAsync(source);

        Assert.Equal(resting, vms.Host.Find(source.Id));
        await CountsOnAsync(vms, copy, counted);
        await vms.AssertIsItselfAsync(copy);
        Assert.Single(vms.Bases());
        await vms.WakeAsync(source.Id);
        await CountsOnAsync(vms, source, counted);
        await vms.AssertIsItselfAsync(source);
    }

    [Fact]
    public async Task A_copy_of_the_disk_of_a_stopped_vm_boots_as_another_machine()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        await vms.ShellAsync(source, "echo kept > /kept; sync");
        await vms.StopAsync(source);
        var copy = CopiedVms.CopyOf(source);

        await vms.ForkAsync(copy, CopiedVms.Source(source), withMemory: false);
        await vms.RunAsync(copy);

        Assert.Equal("kept", await vms.ShellAsync(copy, "cat /kept"));
        await vms.AssertIsItselfAsync(copy);
        Assert.Equal(VmPhase.Stopped, vms.Host.Find(source.Id)!.Phase);
        await vms.RunAsync(source with { Boot = 2 });
        await vms.AssertIsItselfAsync(source with { Boot = 2 });
    }

    [Fact]
    public async Task A_copy_of_a_copy_differs_from_the_same_base()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        var counted = await vms.CountAsync(source.Id);
        var child = await vms.ForkAwakeAsync(source);

        var grandchild = await vms.ForkAwakeAsync(child);

        var saved = vms.Host.Find(grandchild.Id)!.Saved!;
        CopiedVms.Report("copy of a copy", vms.Host.Find(child.Id)!.Timings, saved);
        Assert.InRange(saved.ChangesBytes, 1, saved.BaseBytes / 2);
        Assert.Single(vms.Bases());
        foreach (var spec in (VmSpec[])[source, child, grandchild])
        {
            await CountsOnAsync(vms, spec, counted);
            await vms.AssertIsItselfAsync(spec);
        }
    }

    [Fact]
    public async Task A_copy_that_sleeps_and_wakes_and_boots_anew_stays_itself()
    {
        await using var vms = await TestVms.CreateAsync();
        var source = SleepingVms.Counting();
        await vms.RunAsync(source);
        await vms.ShellAsync(source, $"echo {Guid.NewGuid():N} > {MachineIdFile}; sync");
        var copy = await vms.ForkAwakeAsync(source);
        var first = vms.Host.Find(copy.Id)!;
        var counted = await vms.CountAsync(copy.Id);

        await vms.StandbyAsync(copy.Id);
        await vms.WakeAsync(copy.Id);
        await CountsOnAsync(vms, copy, counted);
        await AssertSameAsync(copy);

        await vms.RestartAsync();
        await vms.ReachAsync(copy.Id, VmPhase.Running);
        await AssertSameAsync(copy);

        await vms.StopAsync(copy);
        await vms.RunAsync(copy with { Boot = 2 });
        await AssertSameAsync(copy with { Boot = 2 });

        async Task AssertSameAsync(VmSpec spec)
        {
            var now = vms.Host.Find(spec.Id)!;
            Assert.Equal((first.Ip, first.Mac, spec.Boot), (now.Ip, now.Mac, now.Boot));
            await vms.AssertIsItselfAsync(spec);
            Assert.Equal(spec.MachineId, await vms.ShellAsync(spec, $"cat {MachineIdFile}"));
        }
    }

    [Fact]
    public async Task A_guest_without_an_agent_can_be_copied_with_its_memory_only_when_it_has_no_network()
    {
        await using var vms = await TestVms.CreateAsync();
        var reached = SleepingVms.Counting() with { SkipGuestAgent = true };
        var alone = SleepingVms.Counting() with { SkipGuestAgent = true, NetworkEnabled = false };
        await vms.RunAsync(reached);
        await vms.RunAsync(alone);

        var error = await Assert.ThrowsAsync<NodeException>(() => vms.ForkAwakeAsync(reached));

        Assert.Equal(NodeErrorKind.NotSupported, error.Kind);
        Assert.Equal(VmPhase.Running, vms.Host.Find(reached.Id)!.Phase);
        var copy = await vms.ForkAwakeAsync(alone);
        Assert.Equal((VmPhase.Running, null), (vms.Host.Find(copy.Id)!.Phase, vms.Host.Find(copy.Id)!.Ip));
        Assert.Equal(VmPhase.Running, vms.Host.Find(alone.Id)!.Phase);
    }

    [Fact]
    public async Task A_vm_cannot_be_a_copy_of_itself()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        var error = await Assert.ThrowsAsync<NodeException>(() => vms.ForkAsync(spec, CopiedVms.Source(spec)));
        Assert.Equal(NodeErrorKind.Invalid, error.Kind);
        Assert.Empty(vms.Layout.ListVms());
    }

    private static async Task<VmSpec> ForkAndRunAsync(TestVms vms, VmSpec source, bool withMemory)
    {
        if (withMemory)
            return await vms.ForkAwakeAsync(source);
        var copy = CopiedVms.CopyOf(source);
        await vms.ForkAsync(copy, CopiedVms.Source(source), withMemory: false);
        await vms.RunAsync(copy);
        await vms.ReachAsync(source.Id, VmPhase.Running);
        return copy;
    }

    /// <summary>It did not begin again, and goes on.</summary>
    private static async Task CountsOnAsync(TestVms vms, VmSpec spec, int counted)
    {
        var now = await vms.CountAsync(spec.Id);
        Assert.InRange(now, counted, counted + 2000);
        await Until.True(async () => await vms.CountAsync(spec.Id) > now, Patience, $"{spec.Id} counts on from {now}");
    }

    /// <summary>How far the guest's clock is behind.</summary>
    private static async Task<TimeSpan> ClockAsync(TestVms vms, VmSpec spec)
    {
        var seconds = long.Parse(await vms.ShellAsync(spec, "date +%s"), CultureInfo.InvariantCulture);
        return TimeProvider.System.GetUtcNow() - DateTimeOffset.FromUnixTimeSeconds(seconds);
    }
}

using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>What of a guest's memory is written again when it was written before.</summary>
[Trait("Category", "Vm")]
public sealed class VmDifferenceTests
{
    // 24 MiB of random numbers in memory, of which one is changed in place.
    private const string Fill = "mkdir -p /m; mount -t tmpfs none /m; dd if=/dev/urandom of=/m/data bs=1M count=24 2>/dev/null";
    private const string Change = "dd if=/dev/urandom of=/m/data bs=1M seek=5 count=1 conv=notrunc 2>/dev/null";

    [Fact]
    public async Task A_guest_that_runs_on_after_a_snapshot_writes_only_what_has_changed_since()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", Fill);
        var first = await TakeAsync(vms, spec.Id, "first");
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", Change);
        var sum = await SumAsync(vms, spec.Id);

        var second = await TakeAsync(vms, spec.Id, "second");

        Assert.True(
            second.Memory!.WrittenBytes < first.Memory!.WrittenBytes / 4,
            $"the second snapshot wrote {second.Memory.WrittenBytes} of {first.Memory.WrittenBytes} bytes");
        Assert.Single(Directory.EnumerateDirectories(vms.Layout.Memory));
        await vms.Context.Snapshots.DeleteAsync("first", CancellationToken.None);
        Assert.Equal(sum, await SumOfCopyAsync(vms, spec, "second"));
        Assert.Equal(sum, await SumAsync(vms, spec.Id));
    }

    [Fact]
    public async Task When_what_it_was_last_written_as_is_gone_all_of_it_is_written()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", Fill);
        await TakeAsync(vms, spec.Id, "first");
        await vms.Context.Snapshots.DeleteAsync("first", CancellationToken.None);
        Assert.Empty(Directory.EnumerateDirectories(vms.Layout.Memory));

        var second = await TakeAsync(vms, spec.Id, "second");

        Assert.True(second.Memory!.WrittenBytes > 24 << 20);
        Assert.Equal(await SumAsync(vms, spec.Id), await SumOfCopyAsync(vms, spec, "second"));
    }

    [Fact]
    public async Task A_standby_after_a_snapshot_shares_its_base_and_wakes_with_what_it_had()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", Fill);
        var first = await TakeAsync(vms, spec.Id, "first");
        await vms.ExecAsync(spec.Id, "/bin/sh", "-c", Change);
        var sum = await SumAsync(vms, spec.Id);

        var resting = await vms.StandbyAsync(spec.Id);
        await vms.WakeAsync(spec.Id);

        Assert.True(resting.Saved!.WrittenBytes < first.Memory!.WrittenBytes / 4);
        Assert.Equal(sum, await SumAsync(vms, spec.Id));
    }

    private static async Task<SnapshotStatus> TakeAsync(TestVms vms, string id, string snapshot)
    {
        var taken = await vms.Context.Snapshots.TakeAsync(
            snapshot, folder => vms.Host.CaptureAsync(id, 1, folder, withMemory: true, CancellationToken.None), CancellationToken.None);
        await vms.ReachAsync(id, VmPhase.Running);
        return taken;
    }

    private static async Task<string> SumAsync(TestVms vms, string id)
    {
        await vms.ReachAsync(id, VmPhase.Running);
        return (await vms.ExecAsync(id, "/bin/sh", "-c", "sha256sum < /m/data")).Output;
    }

    private static async Task<string> SumOfCopyAsync(TestVms vms, VmSpec spec, string snapshot)
    {
        var copy = spec with { Id = TestVms.NewId() };
        await vms.Host.ForkAsync(copy, ForkSource.Snapshot(snapshot), withMemory: true, CancellationToken.None);
        await vms.WakeAsync(copy.Id);
        return await SumAsync(vms, copy.Id);
    }
}

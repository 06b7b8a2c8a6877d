using System.Globalization;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.NodeRuntime.Networks;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms;

/// <summary>No other test opens anything meanwhile.</summary>
[CollectionDefinition(nameof(Alone), DisableParallelization = true)]
public sealed class Alone;

/// <summary>What a host that has seen many VMs come and go is left with: what it had before.</summary>
[Trait("Category", "Vm")]
[Collection(nameof(Alone))]
public sealed class VmLeakTests
{
    private const int Rounds = 20;

    private const int Naps = 30;

    /// <summary>Each so many rounds a guest boots to its end; in the others it is ended while it boots.</summary>
    private const int FullEvery = 10;

    /// <summary>The runtime opens some of its own; a leak would be at least one per round.</summary>
    private const int FewDescriptors = Rounds / 2;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(20);

    [Fact]
    public async Task Many_vms_that_came_and_went_leave_nothing()
    {
        await using var vms = await TestVms.CreateAsync();
        await LiveAsync(vms, isFull: true);
        var (before, descriptors) = (await HeldAsync(vms), Descriptors());

        for (var round = 1; round <= Rounds; round++)
            await LiveAsync(vms, isFull: round % FullEvery == 0);

        Assert.Equal(before, await HeldAsync(vms));
        await Until.True(() => Descriptors() < descriptors + FewDescriptors, Patience, $"there are about {descriptors} descriptors again");
    }

    [Fact]
    public async Task A_guest_that_slept_and_woke_many_times_is_as_it_was_and_leaves_nothing()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = CopiedVms.CountingAndServing();
        await vms.RunAsync(spec);
        var counted = await vms.CountAsync(spec.Id);
        // The first has no base yet to differ from.
        await NapAsync();
        await NapAsync();
        var (before, descriptors) = (await HeldAsync(vms), Descriptors());

        for (var round = 1; round <= Naps; round++)
            await NapAsync();

        Assert.Equal(before.Count, (await HeldAsync(vms)).Count);
        await Until.True(() => Descriptors() < descriptors + FewDescriptors, Patience, $"there are about {descriptors} descriptors again");
        await vms.Host.DeleteAsync(spec.Id, epoch: 1, CancellationToken.None);
        Assert.Empty(vms.SavedFiles(spec.Id));

        async Task NapAsync()
        {
            await vms.StandbyAsync(spec.Id);
            await vms.WakeAsync(spec.Id);
            // By its network, then by its agent.
            var count = int.Parse(await vms.GetAsync(spec, "n"), CultureInfo.InvariantCulture);
            Assert.InRange(count, counted, counted + 1000);
            counted = count;
            var guest = long.Parse(await vms.ShellAsync(spec, "date +%s"), CultureInfo.InvariantCulture);
            Assert.InRange(TimeProvider.System.GetUtcNow().ToUnixTimeSeconds() - guest, -1, 3);
        }
    }

    [Fact]
    public async Task A_guest_that_was_copied_many_times_runs_on_and_leaves_nothing()
    {
        await using var vms = await TestVms.CreateAsync();
        var spec = SleepingVms.Counting();
        await vms.RunAsync(spec);
        await CopyAsync();
        var (before, descriptors, counted) = (await HeldAsync(vms), Descriptors(), await vms.CountAsync(spec.Id));

        for (var round = 1; round <= Rounds; round++)
            await CopyAsync();

        Assert.Equal(before, await HeldAsync(vms));
        Assert.True(await vms.CountAsync(spec.Id) > counted);
        await Until.True(() => Descriptors() < descriptors + FewDescriptors, Patience, $"there are about {descriptors} descriptors again");

        async Task CopyAsync()
        {
            var snapshot = await vms.TakeAsync(CopiedVms.NewSnapshotId(), spec);
            var copy = await vms.ForkAwakeAsync(spec, ForkSource.Snapshot(snapshot.Id));
            await vms.Snapshots.DeleteAsync(snapshot.Id, CancellationToken.None);
            await vms.DeleteAsync(copy);
            await vms.ReachAsync(spec.Id, VmPhase.Running);
        }
    }

    /// <summary>Start, stop, start, delete.</summary>
    private static async Task LiveAsync(TestVms vms, bool isFull)
    {
        var spec = TestVms.Spec(TestVms.NewId(), "/bin/sleep", "1000") with { DownloadBytesPerSecond = 1_000_000, UploadBytesPerSecond = 1_000_000 };
        await vms.Host.StartAsync(spec, CancellationToken.None);
        if (isFull)
        {
            await vms.ReachAsync(spec.Id, VmPhase.Running);
            Assert.Equal(("hello\n", 0), await vms.ExecAsync(spec.Id, "/bin/echo", "hello"));
        }
        await vms.Host.StopAsync(spec.Id, epoch: 1, isFull ? Patience : TimeSpan.Zero, CancellationToken.None);
        await vms.Host.StartAsync(spec with { Boot = 2 }, CancellationToken.None);
        await vms.Host.DeleteAsync(spec.Id, epoch: 1, CancellationToken.None);
    }

    /// <summary>Files, devices, rules and control groups, each on a line.</summary>
    private static async Task<IReadOnlyList<string>> HeldAsync(TestVms vms) =>
    [
        .. Directory.EnumerateFileSystemEntries(vms.Layout.Root, "*", SearchOption.AllDirectories).Order(),
        .. await vms.Network.ListTapsAsync(),
        .. (await TestHost.RunAsync(vms.Network.Namespace, "nft", "list ruleset")).Split('\n'),
        .. vms.Context.Cgroups.List(),
        .. VmProcesses.Find(vms.Layout.Vms).Select(found => $"{found}"),
    ];

    private static int Descriptors() => Directory.EnumerateFileSystemEntries("/proc/self/fd").Count();
}

using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;
using Hypeman.Tests.NodeRuntime.Memory;

namespace Hypeman.Tests.NodeRuntime.Vms.Transfer;

/// <summary>VMs whose saved memory moves with them, and the base that several share.</summary>
public sealed class SleepTransferTests : IAsyncLifetime
{
    private const string Base = "base-of-all";
    private const int MemoryBytes = 64 << 20;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(30);

    private RestingVms _from = null!;
    private RestingVms _to = null!;

    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync()
    {
        _from = await RestingVms.OpenAsync();
        _to = await RestingVms.OpenAsync();
    }

    public async ValueTask DisposeAsync()
    {
        await _from.DisposeAsync();
        await _to.DisposeAsync();
    }

    [Theory]
    [InlineData("base")]
    [InlineData("memory")]
    public async Task A_receiver_that_crashes_when_some_has_taken_its_place_takes_the_rest_when_it_is_asked_again(string moved)
    {
        await SleepAsync("one");
        await ReceiveAsync("one");
        var there = _to.Layout.Vm("one");
        // As it was one or two steps before the last.
        if (moved == "base")
        {
            Directory.CreateDirectory(there.Arrival.Directory);
            Directory.Move(there.Generation(1).Directory, there.Arrival.Memory.Directory);
        }
        VmLedger.Write(there.LedgerFile, VmLedger.Read(there.LedgerFile)! with { Stage = VmStage.Arriving, Generation = null, Saved = null });
        await _to.RestartAsync();
        Assert.Equal(VmPhase.Arriving, _to.Host.Find("one")!.Phase);

        var status = await ReceiveAsync("one");

        Assert.Equal((VmPhase.Standby, _from.Host.Find("one")!.Saved), (status.Phase, status.Saved));
        AssertSame("one");
        Assert.Single(there.ListGenerations());
        Assert.False(Directory.Exists(there.Arrival.Directory));
        Assert.Equal(Base, Path.GetFileName(Assert.Single(Directory.EnumerateDirectories(_to.Layout.Memory))));
    }

    [Fact]
    public async Task Two_that_share_a_base_may_come_at_the_same_time()
    {
        await SleepAsync("one");
        await SleepAsync("two");
        // Neither finds the base there: both have fetched it before one goes on.
        using var both = new Barrier(2);
        ReadOnlyMemory<byte> Wait(ReadOnlyMemory<byte> chunk) => both.SignalAndWait(Patience, Cancel) ? chunk : throw new TimeoutException();

        var arrived = await Task.WhenAll(Task.Run(() => ReceiveAsync("one", Wait)), Task.Run(() => ReceiveAsync("two", Wait)));

        Assert.All(arrived, status => Assert.Equal(VmPhase.Standby, status.Phase));

        AssertSame("one");
        AssertSame("two");
        Assert.Equal(Base, Path.GetFileName(Assert.Single(Directory.EnumerateDirectories(_to.Layout.Memory))));
    }

    [Fact]
    public void A_base_that_has_come_by_another_way_meanwhile_stays()
    {
        WriteBase();
        var arrived = new MemoryBase("", Path.Combine(_from.Layout.Vms, "base"));
        Directory.CreateDirectory(arrived.Directory);
        File.WriteAllText(arrived.PagesFile, "the same, but it came later");
        File.WriteAllText(arrived.DigestsFile, "[]");

        _from.Memory.Adopt(arrived, Base, group: 0);

        Assert.Equal(MemoryBytes, new FileInfo(_from.Memory.Get(Base).PagesFile).Length);
        Assert.False(Directory.Exists(arrived.Directory));
    }

    [Fact]
    public async Task A_base_that_is_there_already_is_not_fetched_again()
    {
        await SleepAsync("one");
        await SleepAsync("two");
        await ReceiveAsync("one");
        var asked = new List<string>();

        await ReceiveAsync("two", asked: asked);

        Assert.DoesNotContain(asked, VmPlaces.IsOfBase);
        AssertSame("two");
    }

    /// <summary>Puts a VM to sleep that was never awake: its memory is as its base.</summary>
    private async Task SleepAsync(string id)
    {
        var spec = Spec(id, epoch: 3);
        await _from.AddAsync(spec, vm =>
        {
            Directory.CreateDirectory(Path.GetDirectoryName(vm.EventsFile)!);
            foreach (var file in (string[])[vm.OverlayDisk, vm.ConfigDisk, vm.EventsFile])
                File.WriteAllText(file, $"{Path.GetFileName(file)} of {id}");
        });
        var layout = _from.Layout.Vm(id);
        var folder = layout.Generation(1);
        Directory.CreateDirectory(folder.Directory);
        var origin = _from.Memory.Find(Base)?.Id is null ? WriteBase() : 1L << 20;
        File.WriteAllText(folder.DevicesFile + ".state", "devices");
        var devices = folder.KeepDevices(folder.DevicesFile + ".state");
        File.Delete(folder.DevicesFile + ".state");
        folder.Write(new MemoryManifest
        {
            SavedAt = DateTimeOffset.UnixEpoch,
            MemoryBytes = MemoryBytes,
            Base = Base,
            BaseBytes = origin,
            Devices = devices,
            Machine = _from.Hypervisor.Signature(VmMachines.Of(VmLedger.Read(layout.LedgerFile)!)),
        });
        VmLedger.Write(layout.LedgerFile, VmLedger.Read(layout.LedgerFile)! with
        {
            Stage = VmStage.Standby, Generation = 1, Saved = new SavedMemory(DateTimeOffset.UnixEpoch, 0, origin, 0, devices.Bytes),
        });
        await _from.RestartAsync();
    }

    private long WriteBase()
    {
        var memory = new ArrayMemory(new byte[MemoryBytes]);
        memory.Content.AsSpan(0, 1 << 20).Fill(7);
        var touched = new PageSet(MemoryBytes);
        touched.Add(new PageRun(0, MemoryBytes / PageSet.PageBytes));
        using var held = _from.Memory.Hold(Base);
        using var draft = _from.Memory.Write(Base, memory, touched, group: 0, Cancel);
        draft.Commit();
        return draft.DataBytes;
    }

    private static VmSpec Spec(string id, long epoch) => RestingVms.Spec(epoch) with { Id = id };

    /// <param name="id">The VM.</param>
    /// <param name="lastOnTheWay">Sees what comes last.</param>
    /// <param name="asked">Gets the names of the files that were asked for.</param>
    private async Task<VmStatus> ReceiveAsync(
        string id, Func<ReadOnlyMemory<byte>, ReadOnlyMemory<byte>>? lastOnTheWay = null, List<string>? asked = null)
    {
        var source = new TestSource(_from.Host, id, 4);
        source.OnTheWay = chunk =>
        {
            asked?.Add(source.Asked[^1].File);
            return source.Asked[^1] is ("manifest", 0) && lastOnTheWay is not null ? lastOnTheWay(chunk) : chunk;
        };
        return await _to.Host.ReceiveAsync(Spec(id, epoch: 4), source, () => { }, Cancel);
    }

    private void AssertSame(string id)
    {
        var (from, to) = (_from.Layout.Vm(id), _to.Layout.Vm(id));
        string[] Files(VmLayout vm) =>
            [vm.OverlayDisk, vm.ConfigDisk, vm.EventsFile, vm.Generation(1).ManifestFile, vm.Generation(1).DevicesFile];
        Assert.All(Files(from).Zip(Files(to)), pair => Assert.Equal(File.ReadAllBytes(pair.First), File.ReadAllBytes(pair.Second)));
        Assert.Equal(File.ReadAllBytes(_from.Memory.Get(Base).PagesFile), File.ReadAllBytes(_to.Memory.Get(Base).PagesFile));
    }
}

using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.NodeRuntime.Vms.Transfer;

namespace Hypeman.Tests.NodeRuntime.Nodes;

/// <summary>Copies of VMs, snapshots, and the memory that moves with both.</summary>
public abstract partial class NodeConformance
{
    [Fact]
    public async Task A_copy_of_a_running_vm_goes_on_beside_it_with_an_address_of_its_own()
    {
        await StartAsync(Spec);
        var source = await ReachAsync(VmPhase.Running);

        var copy = await ForkAsync(ForkSource.Vm(_id, 3), withMemory: true);

        Assert.Equal((VmPhase.Standby, 1, 1, true), (copy.Phase, copy.Epoch, copy.Boot, copy.HasRun));
        Assert.NotEqual(source.Ip, copy.Ip);
        Assert.NotNull(copy.Saved);
        var after = await ReachAsync(VmPhase.Running);
        Assert.Equal((1, source.Ip, source.StartedAt), (after.Boot, after.Ip, after.StartedAt));
        await Node.Vms.RestoreAsync(CopyId, 1, CancellationToken.None);
        Assert.Equal((VmPhase.Running, 1, copy.Ip), await ReachAsync(CopyId, VmPhase.Running) is var ran ? (ran.Phase, ran.Boot, ran.Ip) : default);
        Assert.Equal(VmPhase.Running, (await ForkAsync(ForkSource.Vm(_id, 3), withMemory: true)).Phase);
        await Node.Vms.DeleteAsync(_id, 3, CancellationToken.None);
        Assert.Equal(VmPhase.Running, Node.Vms.Find(CopyId)!.Phase);
    }

    [Fact]
    public async Task A_copy_of_a_disk_boots_and_the_source_may_be_at_rest()
    {
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => ForkAsync(ForkSource.Vm(_id, 3), withMemory: false));
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        await StopAsync(3);
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => ForkAsync(ForkSource.Vm(_id, 3), withMemory: true));
        Assert.Equal(VmPhase.Arriving, Node.Vms.Find(CopyId)?.Phase ?? VmPhase.Arriving);
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => ForkAsync(ForkSource.Vm(_id, 2), withMemory: false));

        var copy = await ForkAsync(ForkSource.Vm(_id, 3), withMemory: false);

        Assert.Equal((VmPhase.Stopped, 1, false, null), (copy.Phase, copy.Boot, copy.HasRun, copy.Saved));
        await StartAsync(CopySpec);
        Assert.True((await ReachAsync(CopyId, VmPhase.Running)).HasRun);
        Assert.Equal(VmPhase.Stopped, Node.Vms.Find(_id)!.Phase);
    }

    [Fact]
    public async Task A_vm_goes_back_to_a_snapshot_and_the_snapshot_outlives_it()
    {
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        var taken = await TakeAsync(withMemory: true);
        Assert.Equal((SnapshotId, _id, true), (taken.Id, taken.VmId, taken.Memory is not null && taken.SizeBytes > 0));
        Assert.Equal(taken.TakenAt, (await TakeAsync(withMemory: true)).TakenAt);
        Assert.Equal(SnapshotId, Assert.Single(Node.Snapshots.List()).Id);
        await ReachAsync(VmPhase.Running);
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => RevertAsync(2));
        await StopAsync(3);
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => RevertAsync(2, epoch: 2));

        var reverted = await RevertAsync(2);

        Assert.Equal((VmPhase.Standby, 2, true), (reverted.Phase, reverted.Boot, reverted.HasRun));
        Assert.Equal((VmPhase.Standby, 2), await RevertAsync(2) is var again ? (again.Phase, again.Boot) : default);
        await RestoreAsync(3);
        Assert.Equal(2, (await ReachAsync(VmPhase.Running)).Boot);
        var ended = ReachAsync(VmPhase.Stopped);
        await ExitAsync(_id, 7);
        Assert.Equal(7, (await ended).ExitCode);
        await Node.Vms.DeleteAsync(_id, 3, CancellationToken.None);

        Assert.Equal(VmPhase.Standby, (await ForkAsync(ForkSource.Snapshot(SnapshotId), withMemory: true)).Phase);
        await Node.Snapshots.DeleteAsync(SnapshotId, CancellationToken.None);
        await Node.Snapshots.DeleteAsync(SnapshotId, CancellationToken.None);
        Assert.Null(Node.Snapshots.Find(SnapshotId));
        await Node.Vms.RestoreAsync(CopyId, 1, CancellationToken.None);
        await ReachAsync(CopyId, VmPhase.Running);
    }

    [Fact]
    public async Task A_snapshot_of_a_disk_has_no_memory_to_go_back_to()
    {
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        await StopAsync(3);
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => TakeAsync(withMemory: true));
        Assert.Null((await TakeAsync(withMemory: false)).Memory);

        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => RevertAsync(2));
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => Node.Vms.RevertAsync(
            Spec with { Boot = 2 }, "nosuchsnapshot", withMemory: false, CancellationToken.None));
        var reverted = await RevertAsync(2, withMemory: false);

        Assert.Equal((VmPhase.Stopped, 2, false), (reverted.Phase, reverted.Boot, reverted.HasRun));
        await StartAsync(Spec with { Boot = 3 });
        await ReachAsync(VmPhase.Running);
    }

    [Fact]
    public async Task A_vm_in_standby_moves_with_its_memory_and_goes_on_there()
    {
        var other = await OtherAsync();
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        await StandbyAsync(3);
        var source = new TestSource(Node.Vms, _id, epoch: 4);

        var arrived = await other.Vms.ReceiveAsync(Spec with { Epoch = 4 }, source, () => { }, CancellationToken.None);

        Assert.Equal((VmPhase.Standby, 4, 1, true), (arrived.Phase, arrived.Epoch, arrived.Boot, arrived.HasRun));
        Assert.NotNull(arrived.Saved);
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => RestoreAsync(3));
        var chunks = source.Asked.Count;
        Assert.Equal(VmPhase.Standby, (await other.Vms.ReceiveAsync(Spec with { Epoch = 4 }, source, () => { }, CancellationToken.None)).Phase);
        Assert.Equal(chunks, source.Asked.Count);
        await Node.Vms.DeleteAsync(_id, 4, CancellationToken.None);
        await other.Vms.RestoreAsync(_id, 4, CancellationToken.None);
        Assert.Equal(1, (await ReachAsync(other, _id, VmPhase.Running)).Boot);
        await other.Vms.DeleteAsync(_id, 4, CancellationToken.None);
    }

    [Fact]
    public async Task A_snapshot_is_copied_to_another_host_and_used_there()
    {
        var other = await OtherAsync();
        await StartAsync(Spec);
        await ReachAsync(VmPhase.Running);
        var taken = await TakeAsync(withMemory: true);
        var source = new SnapshotOfHost(Node.Snapshots, SnapshotId);

        var copied = await other.Snapshots.ReceiveAsync(SnapshotId, source, CancellationToken.None);

        Assert.Equal((SnapshotId, _id, taken.TakenAt, true), (copied.Id, copied.VmId, copied.TakenAt, copied.Memory is not null));
        var chunks = source.Asked;
        await other.Snapshots.ReceiveAsync(SnapshotId, source, CancellationToken.None);
        Assert.Equal(chunks, source.Asked);
        await Node.Snapshots.DeleteAsync(SnapshotId, CancellationToken.None);
        await other.Vms.ForkAsync(CopySpec, ForkSource.Snapshot(SnapshotId), withMemory: true, CancellationToken.None);
        await other.Vms.RestoreAsync(CopyId, 1, CancellationToken.None);
        await ReachAsync(other, CopyId, VmPhase.Running);
        await other.Vms.DeleteAsync(CopyId, 1, CancellationToken.None);
        await AssertRefusedAsync(
            NodeErrorKind.NotFound,
            () => other.Snapshots.ReceiveAsync("othersnapshot", new SnapshotOfHost(Node.Snapshots, "othersnapshot"), CancellationToken.None));
    }

    private sealed class SnapshotOfHost(ISnapshotHost host, string id) : ISnapshotSource
    {
        public string Name => "node other";

        public int Asked { get; private set; }

        public Task<SnapshotDescription> DescribeAsync(CancellationToken cancellationToken) => host.DescribeAsync(id, cancellationToken);

        public Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken)
        {
            Asked++;
            return host.ReadChunkAsync(id, file, chunk, cancellationToken);
        }
    }

    private string CopyId => string.Concat(_id.AsSpan(0, 20), "copy");

    private string SnapshotId => string.Concat(_id.AsSpan(0, 20), "snap");

    private VmSpec CopySpec => Spec with { Id = CopyId, Epoch = 1, Hostname = "copied" };

    private Task<VmStatus> ForkAsync(ForkSource source, bool withMemory) =>
        Node.Vms.ForkAsync(CopySpec, source, withMemory, CancellationToken.None);

    private Task<SnapshotStatus> TakeAsync(bool withMemory) =>
        Node.Snapshots.TakeAsync(SnapshotId, _id, 3, withMemory, CancellationToken.None);

    private Task<VmStatus> RevertAsync(long boot, long epoch = 3, bool withMemory = true) =>
        Node.Vms.RevertAsync(Spec with { Boot = boot, Epoch = epoch }, SnapshotId, withMemory, CancellationToken.None);
}

using System.Security.Cryptography;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;
using Hypeman.Tests.Silo.Server;
using Hypeman.Tests.Storage.Databases;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Tests.Silo.Fleet;

/// <summary>VMs at rest, over the channel between hosts.</summary>
public sealed class VmPeerTests(PostgresServer postgres)
{
    private const string Id = "moving";

    private static CancellationToken Cancelled => TestContext.Current.CancellationToken;

    [Fact]
    public async Task A_vm_at_rest_is_described_read_and_removed_by_another_host()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var (holder, receiver) = await PairAsync(fleet);
        byte[] disk = [.. RandomNumberGenerator.GetBytes(5_000_000), .. new byte[VmFile.ChunkBytes * 2], 1];
        holder.Node.Vms.WriteDisk(Id, disk);
        var peers = receiver.Server.Services.GetRequiredService<IVmPeers>();
        var heard = 0;

        var status = await receiver.Node.Vms.ReceiveAsync(
            Spec(epoch: 4), peers.Source(NodeIdOf(holder), Id, 4), () => heard++, Cancelled);

        Assert.Equal((VmPhase.Stopped, 4, 143), (status.Phase, status.Epoch, status.ExitCode));
        Assert.Equal(disk, receiver.Node.Vms.Disk(Id));
        Assert.Equal(1 + 3, heard); // The description, and the chunks that are not all zeros.
        Assert.Equal(4, holder.Node.Vms.Find(Id)!.Epoch);
        await peers.DeleteAsync(NodeIdOf(holder), Id, 4, Cancelled);
        await peers.DeleteAsync(NodeIdOf(holder), Id, 4, Cancelled);
        Assert.Null(holder.Node.Vms.Find(Id));
    }

    [Fact]
    public async Task A_refusal_is_the_same_as_if_it_were_here()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var (holder, receiver) = await PairAsync(fleet);
        var peers = receiver.Server.Services.GetRequiredService<IVmPeers>();
        var node = NodeIdOf(holder);
        holder.Node.Vms.WriteDisk(Id, [1]);

        await AssertRefusedAsync(NodeErrorKind.Fenced, () => peers.Source(node, Id, 1).HandOverAsync(Cancelled));
        await AssertRefusedAsync(NodeErrorKind.Fenced, () => peers.DeleteAsync(node, Id, 1, Cancelled));
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => peers.Source(node, "nobody", 4).HandOverAsync(Cancelled));
        await AssertRefusedAsync(NodeErrorKind.NotFound, () => ReadAsync(peers.Source(node, Id, 4), "overlay.ext4", 7));
        await AssertRefusedAsync(NodeErrorKind.Invalid, () => ReadAsync(peers.Source(node, Id, 4), "../../lock", 0));
        await holder.Node.Vms.StartAsync(Spec(epoch: 3) with { Boot = 2 }, Cancelled);
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => peers.Source(node, Id, 4).HandOverAsync(Cancelled));
        await AssertRefusedAsync(NodeErrorKind.WrongPhase, () => ReadAsync(peers.Source(node, Id, 4), "overlay.ext4", 0));
        Assert.Equal(VmPhase.Running, holder.Node.Vms.Find(Id)!.Phase);
    }

    [Fact]
    public async Task A_host_that_is_not_there_is_told_from_one_that_refuses()
    {
        await using var fleet = await TestFleet.NewAsync(postgres);
        var (holder, receiver) = await PairAsync(fleet);
        var peers = receiver.Server.Services.GetRequiredService<IVmPeers>();
        var node = NodeIdOf(holder);
        await holder.StopAsync();

        await Assert.ThrowsAsync<IOException>(() => peers.Source(node, Id, 4).HandOverAsync(Cancelled));
        await Assert.ThrowsAsync<IOException>(() => peers.Source("no-such-node", Id, 4).HandOverAsync(Cancelled));
        await Assert.ThrowsAsync<IOException>(() => peers.DeleteAsync(node, Id, 4, Cancelled));
    }

    /// <summary>The first holds a VM that ran once and was stopped, in epoch 3.</summary>
    private static async Task<(TestServer Holder, TestServer Receiver)> PairAsync(TestFleet fleet)
    {
        var holder = await fleet.StartedAsync("control,node");
        var receiver = await fleet.StartedAsync("node");
        holder.Node.Images.Plant(Spec(3).RootDigest);
        await holder.Node.Vms.StartAsync(Spec(epoch: 3), Cancelled);
        await holder.Node.Vms.StopAsync(Id, 3, TimeSpan.FromSeconds(1), Cancelled);
        return (holder, receiver);
    }

    private static string NodeIdOf(TestServer server) => server.Node.Facts.NodeId;

    private static async Task ReadAsync(IVmSource source, string file, long chunk) => await source.ReadChunkAsync(file, chunk, Cancelled);

    private static VmSpec Spec(long epoch) => new()
    {
        Id = Id,
        Epoch = epoch,
        Boot = 1,
        Vcpus = 1,
        MemoryBytes = 64L << 20,
        OverlayBytes = 64L << 20,
        RootDigest = "sha256:" + new string('a', 64),
        Hostname = Id,
        Program = new GuestProgram { Arguments = ["/bin/app"] },
    };

    private static async Task AssertRefusedAsync(NodeErrorKind kind, Func<Task> order) =>
        Assert.Equal(kind, (await Assert.ThrowsAsync<NodeException>(order)).Kind);
}

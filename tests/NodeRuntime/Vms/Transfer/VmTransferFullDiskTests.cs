using System.Security.Cryptography;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;

namespace Hypeman.Tests.NodeRuntime.Vms.Transfer;

/// <summary>A host whose disk is full before all has arrived.</summary>
[Trait("Category", "Vm")]
public sealed class VmTransferFullDiskTests
{
    private static CancellationToken Cancel => TestContext.Current.CancellationToken;

    [Fact]
    public async Task What_has_arrived_is_no_vm_and_when_there_is_room_again_the_rest_comes()
    {
        await using var from = await RestingVms.OpenAsync();
        await from.AddAsync(RestingVms.Spec(epoch: 3), vm => File.WriteAllBytes(vm.OverlayDisk, RandomNumberGenerator.GetBytes(12 << 20)));
        await using var disk = await SmallDisk.MountAsync("9m");
        // The host does not see it coming.
        await using var to = await RestingVms.OpenAsync(minFreeBytes: -(1L << 40), directory: disk.PathOf("data"));
        var source = new TestSource(from.Host, "resting", 4);
        var full = await Assert.ThrowsAsync<NodeException>(() => to.Host.ReceiveAsync(RestingVms.Spec(4), source, () => { }, Cancel));
        Assert.Equal(NodeErrorKind.InsufficientResources, full.Kind);
        Assert.Equal(VmPhase.Arriving, to.Host.Find("resting")!.Phase);

        await disk.ResizeAsync("64m");
        var again = new TestSource(from.Host, "resting", 4);
        Assert.Equal(VmPhase.Stopped, (await to.Host.ReceiveAsync(RestingVms.Spec(4), again, () => { }, Cancel)).Phase);

        Assert.Equal(File.ReadAllBytes(from.Layout.Vm("resting").OverlayDisk), File.ReadAllBytes(to.Layout.Vm("resting").OverlayDisk));
        Assert.True(again.Asked.Count < 3, $"{again.Asked.Count} chunks were fetched again");
    }
}

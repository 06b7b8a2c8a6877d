using Hypeman.NodeRuntime.Linux;
using Hypeman.NodeRuntime.Linux.Netlink;

namespace Hypeman.NodeRuntime.Networks;

/// <summary>A VM's place on the bridge. <paramref name="VmId"/> is null where its making was cut off.</summary>
internal sealed record VmPort(string Name, string? VmId, uint? Owner, NicCounters Counters);

/// <summary>
/// The TAPs of a node's VMs. Each carries its VM's id as its alias, so the kernel holds the list. The order of steps
/// makes a port that is half made harmless: its rules come before it is up, and without rules it may send nothing.
/// </summary>
/// <param name="node">Where they are.</param>
/// <param name="lacksTokenBucket">The kernel has no queue that makes frames wait (sch_tbf); found out when it is needed.</param>
internal sealed class VmPorts(NetworkNamespace node, bool lacksTokenBucket = false)
{
    /// <summary>Bursts of the contract: what four times the rate sends in 4 ms, but never less than one frame.</summary>
    private const long BurstShare = 4, BurstsPerSecond = 250, MinBurstBytes = 1540;

    /// <summary>How long a frame to a VM may wait for its rate.</summary>
    private static readonly TimeSpan Latency = TimeSpan.FromMilliseconds(50);

    private bool _lacksTokenBucket = lacksTokenBucket;

    internal Task<IReadOnlyList<VmPort>> ListAsync() => node.RunAsync(List);

    internal async Task<string> AttachAsync(
        string vmId, VmAddress address, NicLimits limits, uint owner, CancellationToken cancellationToken)
    {
        var tap = await node.RunAsync(() =>
        {
            var name = EnsureTap(vmId, owner);
            LimitDownload(name, limits.DownloadBytesPerSecond);
            return name;
        });
        var rules = NodeRules.Admit(
            tap, address.Mac, address.Ip.ToString(), limits.UploadBytesPerSecond,
            _lacksTokenBucket ? limits.DownloadBytesPerSecond : null);
        await Nft.ApplyAsync(node, rules, cancellationToken);
        await node.RunAsync(() => Connect(tap));
        return tap;
    }

    internal async Task RemoveAsync(string tap, CancellationToken cancellationToken)
    {
        await Nft.ApplyAsync(node, NodeRules.Dismiss(tap), cancellationToken);
        await node.RunAsync(() =>
        {
            using var socket = NetlinkSocket.OpenRoute();
            socket.RemoveLink(tap);
        });
    }

    private static IReadOnlyList<VmPort> List()
    {
        using var socket = NetlinkSocket.OpenRoute();
        return
        [
            .. socket.ListLinks().Where(link => link.Name.StartsWith(NetworkNames.TapPrefix, StringComparison.Ordinal))
                // What the TAP sends is what the VM receives.
                .Select(link => new VmPort(
                    link.Name, link.Alias, link.TapOwner, new NicCounters(link.SentBytes, link.ReceivedBytes))),
        ];
    }

    private static string EnsureTap(string vmId, uint owner)
    {
        var ports = List();
        if (ports.FirstOrDefault(port => port.VmId == vmId) is { } present)
        {
            if (present.Owner == owner)
                return present.Name;
            using var remover = NetlinkSocket.OpenRoute();
            remover.RemoveLink(present.Name);
        }
        var name = NetworkNames.Tap(vmId);
        if (ports.Any(port => port.Name == name && port.VmId is not null && port.VmId != vmId))
            name = NetworkNames.SecondTap(vmId);
        using var socket = NetlinkSocket.OpenRoute();
        socket.RemoveLink(name);
        Tap.Create(name, owner);
        socket.SetAlias(socket.FindLink(name)!.Index, vmId);
        return name;
    }

    private void LimitDownload(string tap, long bytesPerSecond)
    {
        using var socket = NetlinkSocket.OpenRoute();
        var index = socket.FindLink(tap)!.Index;
        if (bytesPerSecond == 0 || _lacksTokenBucket)
            socket.ClearQueue(index);
        else
            _lacksTokenBucket = !socket.TrySetTokenBucket(index, bytesPerSecond, BurstOf(bytesPerSecond), Latency);
    }

    private static void Connect(string tap)
    {
        using var socket = NetlinkSocket.OpenRoute();
        var index = socket.FindLink(tap)!.Index;
        socket.AddIsolatedPort(index, socket.FindLink(NetworkNames.Bridge)!.Index);
        socket.SetUp(index);
    }

    private static long BurstOf(long bytesPerSecond) =>
        Math.Max(MinBurstBytes, bytesPerSecond * BurstShare / BurstsPerSecond);
}

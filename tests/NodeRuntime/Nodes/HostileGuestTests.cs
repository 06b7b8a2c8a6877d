using Hypeman.GuestProtocol;
using Hypeman.GuestProtocol.Boot;
using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Logs;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Tests.Testing;
using Microsoft.Extensions.DependencyInjection;

namespace Hypeman.Tests.NodeRuntime.Nodes;

/// <summary>A guest whose root means ill.</summary>
[Trait("Category", "Vm")]
public sealed class HostileGuestTests
{
    private const long MaxLogBytes = 200_000;

    /// <summary>What a guest may write between two looks, on any machine that runs these tests.</summary>
    private const long Slack = 64L << 20;

    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(120);

    /// <summary>Init has the events port, and one process can have it: the driver is taken off its device and put back.</summary>
    private const string Flood =
        $"""
        for port in /sys/class/virtio-ports/*; do
          [ "$(cat $port/name)" = {PortNames.Events} ] && name=$(basename $port) device=$(basename $(readlink -f $port/device))
        done
        cd /sys/bus/virtio/drivers/virtio_console
        echo $device > unbind
        echo $device > bind
        while [ ! -e /dev/$name ]; do sleep 0.1; done
        yes no-event-at-all > /dev/$name &
        yes > /dev/ttyS0
        """;

    [Fact]
    public async Task Floods_of_the_console_and_of_the_events_port_do_not_fill_the_hosts_disk()
    {
        await using var node = await TestNode.StartAsync(configureParts: parts => parts.Configure<LogRotationOptions>(
            logs => (logs.MaxBytes, logs.Interval) = (MaxLogBytes, TimeSpan.FromMilliseconds(200))));
        var digest = await node.PullAsync();
        await node.Port.Vms.StartAsync(Spec(digest), CancellationToken.None);
        var vm = new DataLayout(node.DataDirectory).Vm("hostile");

        var rotations = new HashSet<DateTime>();
        await Until.True(
            () =>
            {
                Assert.InRange(Directory.EnumerateFiles(vm.Logs).Sum(path => new FileInfo(path).Length), 0, Slack);
                Assert.InRange(Size(vm.EventsFile), 0, Slack);
                if (File.Exists(vm.ConsoleLog + ".1"))
                    rotations.Add(File.GetLastWriteTimeUtc(vm.ConsoleLog + ".1"));
                return rotations.Count >= 5 && Size(vm.EventsFile) >= ProtocolLimits.MaxEventFile;
            },
            Patience, "the guest has written much to both");
        Assert.InRange(Size(vm.ConsoleLog + ".1"), 1, MaxLogBytes);
        Assert.NotEqual(VmPhase.Stopped, node.Port.Vms.Find("hostile")!.Phase);
    }

    private static long Size(string path) => File.Exists(path) ? new FileInfo(path).Length : 0;

    private static VmSpec Spec(string digest) => new()
    {
        Id = "hostile",
        Epoch = 1,
        Boot = 1,
        Vcpus = 2,
        MemoryBytes = 128L << 20,
        OverlayBytes = 64L << 20,
        RootDigest = digest,
        Hostname = "hostile",
        SkipGuestAgent = true,
        Program = new GuestProgram { Arguments = ["/bin/sh", "-c", Flood] },
    };
}

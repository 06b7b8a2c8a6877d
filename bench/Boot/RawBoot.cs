using System.Diagnostics;
using Hypeman.GuestProtocol.Boot;
using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Guest;
using Hypeman.NodeRuntime.Hypervisors.Qemu;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Bench.Boot;

/// <summary>
/// The peer: QEMU as one starts it by hand for the same kernel, initramfs, root and devices, without a sandbox, a user
/// of its own, a control group or anybody who watches. Its disks are made before the clock starts.
/// </summary>
internal sealed class RawBoot(string folder, GuestSystemFiles guest, string rootDisk, string configDisk)
{
    // The guest finds its network by the address that its configuration names.
    private readonly string _mac = MacOf(configDisk);
    private int _number;

    public async Task<double> RunAsync(CancellationToken cancellationToken)
    {
        var place = Directory.CreateDirectory(Path.Combine(folder, $"raw-{_number++}")).FullName;
        var overlay = Path.Combine(place, "overlay.ext4");
        await new OverlayDisks(new OverlayDiskOptions())
            .CreateAsync(overlay, FleetBoot.OverlayBytes, ownerUid: 0, cancellationToken);
        var console = Path.Combine(place, "console.log");
        await File.WriteAllBytesAsync(console, [], cancellationToken);

        var clock = Stopwatch.StartNew();
        var identity = await Spawner.StartAsync(new SpawnRequest
        {
            Program = "qemu-system-x86_64",
            Arguments = Arguments(place, overlay, console),
            OutputPath = Path.Combine(place, "qemu.log"),
        });
        using var process = ProcessHandle.Open(identity) ?? throw new InvalidOperationException($"QEMU ended at once, see {place}");
        try
        {
            await FirstWord.HeardAsync(console, cancellationToken);
            return clock.Elapsed.TotalMilliseconds;
        }
        finally
        {
            process.Kill(ProcessSignal.Kill);
            await process.Exited;
        }
    }

    private string[] Arguments(string place, string overlay, string console) =>
    [
        "-M", QemuCommandLine.LeanQ35, "-accel", "tcg", "-cpu", "max", "-smp", "1",
        "-m", $"{FleetBoot.MemoryMegabytes}M", "-nodefaults", "-no-reboot", "-display", "none",
        "-kernel", guest.Kernel, "-initrd", guest.Initramfs, "-append", KernelCommandLine.For(isEmulated: true),
        .. Disk("root", rootDisk, "on"), .. Disk("overlay", overlay, "off"), .. Disk("config", configDisk, "on"),
        "-netdev", "user,id=net0", "-device", $"virtio-net-pci,netdev=net0,mac={_mac},romfile=",
        "-chardev", $"file,id=console,path={console}", "-serial", "chardev:console",
        "-device", "virtio-serial-pci,id=ports,max_ports=4",
        "-chardev", $"socket,id=agent,path={place}/agent,server=on,wait=off",
        "-device", "virtserialport,bus=ports.0,nr=1,chardev=agent,name=hypeman.agent",
        "-chardev", $"file,id=events,path={place}/events",
        "-device", "virtserialport,bus=ports.0,nr=2,chardev=events,name=hypeman.events",
    ];

    private static string MacOf(string configDisk)
    {
        using var disk = File.OpenRead(configDisk);
        return GuestBootConfigCodec.Decode(disk).Network!.Mac;
    }

    private static string[] Disk(string name, string path, string readOnly) =>
    [
        "-blockdev", $"driver=raw,node-name={name},read-only={readOnly},file.driver=file,file.filename={path}",
        "-device", $"virtio-blk-pci,drive={name},serial={name}",
    ];
}

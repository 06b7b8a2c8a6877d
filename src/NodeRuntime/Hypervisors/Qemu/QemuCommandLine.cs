using System.Globalization;
using System.Text.Json;
using Hypeman.GuestProtocol.Boot;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>
/// The command line of one VM. Pure, and stable: a saved machine can only be restored under the same line, so what
/// is changed here later needs a new machine type.
/// <para>
/// Memory is an anonymous private block with the fixed id <c>ram0</c>. It is what a private mapping of an all-zero file
/// would be, without a file to write back or to clean up; a standby saves the pages that were touched, and the
/// restore maps the saved file privately as the block of the same id.
/// </para>
/// </summary>
internal static class QemuCommandLine
{
    /// <summary>Without the parts of a PC that no guest of ours uses; each costs the kernel time to look at.</summary>
    internal const string LeanQ35 = "q35,usb=off,sata=off,smbus=off,vmport=off";

    /// <summary>Ports of q35 that are free for disks which come later.</summary>
    private const int SparePorts = 4;

    /// <summary>
    /// No privilege to gain, no process to start, no priorities to change. It needs privileges that were dropped
    /// before QEMU started: QEMU's own -runas does not work together with it.
    /// </summary>
    private const string Sandbox = "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny";

    /// <summary>Descriptors that QEMU opens as files through a descriptor set of the same number.</summary>
    private static readonly VmDescriptor[] Files =
        [VmDescriptor.Root, VmDescriptor.Overlay, VmDescriptor.Config, VmDescriptor.Console, VmDescriptor.Events];

    internal static IReadOnlyList<string> For(
        VmMachine machine, QemuMachineType type, string accelerator, string kernelArguments)
    {
        var arguments = new List<string>();
        AddMachine(arguments, machine, type, accelerator);
        AddBoot(arguments, kernelArguments);
        foreach (var file in Files)
            Add(arguments, "-add-fd", $"fd={(int)file},set={(int)file},opaque={Name(file)}");
        if (type == QemuMachineType.Q35)
            AddPorts(arguments);
        AddDisks(arguments, machine, type);
        AddNetwork(arguments, machine, type);
        AddChannels(arguments, type);
        return arguments;
    }

    /// <summary>
    /// The line of a machine, changed so that it goes on from what was saved. It waits before the state of its devices is
    /// loaded, which look into its memory then: pages that differ from the mapped file are written into it first.
    /// </summary>
    /// <param name="opensReadOnly">QEMU can map a file that it may not write to.</param>
    internal static IReadOnlyList<string> Restoring(VmMachine machine, IReadOnlyList<string> booting, bool opensReadOnly)
    {
        var (booted, mapped) = (MemoryOf(machine), MappedMemoryOf(machine, opensReadOnly));
        return
        [
            .. booting.Select(argument => argument == booted ? mapped : argument),
            "-S", "-global", "migration.send-configuration=off", "-incoming", "defer",
        ];
    }

    private static string MemoryOf(VmMachine machine) => $"memory-backend-ram,id=ram0,size={Number(machine.MemoryBytes)}B";

    private static string MappedMemoryOf(VmMachine machine, bool opensReadOnly) =>
        $"memory-backend-file,id=ram0,size={Number(machine.MemoryBytes)}B,"
        + $"mem-path=/proc/self/fd/{(int)VmDescriptor.Memory},share=off{(opensReadOnly ? ",readonly=on,rom=off" : "")}";

    private static void AddMachine(List<string> arguments, VmMachine machine, QemuMachineType type, string accelerator)
    {
        Add(arguments, "-name", $"{machine.Id},debug-threads=on");
        Add(arguments, "-M", (type switch
        {
            QemuMachineType.Q35 => LeanQ35,
            // ACPI stays: a kernel of a distribution finds virtio-mmio devices by it only. So do PIT and RTC, without
            // which it does not start when it is emulated.
            QemuMachineType.MicroVm => "microvm,acpi=on,pit=on,pic=on,rtc=on,isa-serial=on",
        }) + ",memory-backend=ram0");
        Add(arguments, "-accel", accelerator);
        Add(arguments, "-cpu", accelerator == Accelerators.Kvm ? "host" : "max");
        Add(arguments, "-smp", Number(machine.Vcpus));
        Add(arguments, "-m", $"size={Number(machine.MemoryBytes)}B");
        Add(arguments, "-object", MemoryOf(machine));
        arguments.AddRange(["-nodefaults", "-no-user-config", "-no-reboot"]);
        Add(arguments, "-display", "none");
        Add(arguments, "-sandbox", Sandbox);
    }

    private static void AddBoot(List<string> arguments, string kernelArguments)
    {
        // Opened by path, not as a descriptor set. The files themselves are readable for all; the folders need not be.
        Add(arguments, "-kernel", $"/proc/self/fd/{(int)VmDescriptor.Kernel}");
        Add(arguments, "-initrd", $"/proc/self/fd/{(int)VmDescriptor.Initramfs}");
        Add(arguments, "-append", kernelArguments);
    }

    private static void AddPorts(List<string> arguments)
    {
        for (var port = 1; port <= SparePorts; port++)
            Add(arguments, "-device", $"pcie-root-port,id=port{port},chassis={port},slot={port}");
        Add(arguments, "-device", "vmgenid,guid=auto");
    }

    private static void AddDisks(List<string> arguments, VmMachine machine, QemuMachineType type)
    {
        if (machine.DiskBytesPerSecond > 0)
        {
            Add(arguments, "-object", JsonSerializer.Serialize(new Dictionary<string, object>
            {
                ["qom-type"] = "throttle-group",
                ["id"] = "disks",
                ["limits"] = new Dictionary<string, long> { ["bps-total"] = machine.DiskBytesPerSecond },
            }));
        }
        AddDisk(VmDescriptor.Root, DiskSerials.Root, "read-only=on");
        AddDisk(VmDescriptor.Overlay, DiskSerials.Overlay, "read-only=off,discard=unmap,detect-zeroes=unmap");
        AddDisk(VmDescriptor.Config, DiskSerials.Config, "read-only=on");

        void AddDisk(VmDescriptor disk, string serial, string access)
        {
            var name = Name(disk);
            var file = $"{access},file.driver=file,file.filename=/dev/fdset/{(int)disk}";
            Add(arguments, "-blockdev", $"driver=raw,node-name={name},{file}");
            var node = name;
            if (machine.DiskBytesPerSecond > 0)
            {
                node = $"{name}-limited";
                Add(arguments, "-blockdev",
                    $"driver=throttle,node-name={node},throttle-group=disks,{access.Split(',')[0]},file={name}");
            }
            Add(arguments, "-device", $"{Virtio("blk", type)},drive={node},serial={serial}");
        }
    }

    private static void AddNetwork(List<string> arguments, VmMachine machine, QemuMachineType type)
    {
        if (machine.Nic is not { } nic)
            return;
        Add(arguments, "-netdev", $"tap,id=net0,fd={(int)VmDescriptor.Tap},vhost=off");
        // Its boot ROM would only cost time: we never boot from the network.
        var rom = type == QemuMachineType.Q35 ? ",romfile=" : "";
        Add(arguments, "-device", $"{Virtio("net", type)},netdev=net0,mac={nic.Mac}{rom}");
    }

    private static void AddChannels(List<string> arguments, QemuMachineType type)
    {
        Add(arguments, "-object", "rng-builtin,id=rng0");
        Add(arguments, "-device", $"{Virtio("rng", type)},rng=rng0");
        AddFile(VmDescriptor.Console);
        Add(arguments, "-serial", $"chardev:{Name(VmDescriptor.Console)}");
        Add(arguments, "-device", $"{Virtio("serial", type)},id=ports,max_ports=4");
        AddSocket(VmDescriptor.Agent);
        AddPort(1, VmDescriptor.Agent, PortNames.Agent);
        AddFile(VmDescriptor.Events);
        AddPort(2, VmDescriptor.Events, PortNames.Events);
        AddSocket(VmDescriptor.Control);
        Add(arguments, "-mon", $"chardev={Name(VmDescriptor.Control)},mode=control");

        void AddFile(VmDescriptor file) =>
            Add(arguments, "-chardev", $"file,id={Name(file)},path=/dev/fdset/{(int)file},append=on");

        void AddSocket(VmDescriptor socket) =>
            Add(arguments, "-chardev", $"socket,id={Name(socket)},fd={(int)socket},server=on,wait=off");

        void AddPort(int number, VmDescriptor channel, string name) => Add(
            arguments, "-device", $"virtserialport,bus=ports.0,nr={number},chardev={Name(channel)},name={name}");
    }

    private static string Virtio(string device, QemuMachineType type) => type switch
    {
        QemuMachineType.Q35 => $"virtio-{device}-pci",
        QemuMachineType.MicroVm => $"virtio-{device}-device",
    };

    private static string Name(VmDescriptor descriptor) => descriptor.ToString().ToLowerInvariant();

    private static string Number(long value) => value.ToString(CultureInfo.InvariantCulture);

    private static void Add(List<string> arguments, string option, string value)
    {
        arguments.Add(option);
        arguments.Add(value);
    }
}

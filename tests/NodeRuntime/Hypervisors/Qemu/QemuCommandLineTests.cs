using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Hypervisors.Qemu;

namespace Hypeman.Tests.NodeRuntime.Hypervisors.Qemu;

public sealed class QemuCommandLineTests
{
    private static readonly VmMachine Machine = new()
    {
        Id = "abc",
        Vcpus = 2,
        MemoryBytes = 256 << 20,
        Nic = new VmNic("02:00:00:64:00:05"),
    };

    [Theory]
    [InlineData("q35", "pci")]
    [InlineData("microvm", "device")]
    public void A_machine_has_disks_network_channels_and_random_numbers(string machine, string bus)
    {
        var arguments = Arguments(Machine, machine);

        Assert.StartsWith(machine + ",", arguments.Single("-M"));
        Assert.EndsWith(",memory-backend=ram0", arguments.Single("-M"));
        Assert.Equal("2", arguments.Single("-smp"));
        Assert.Equal("memory-backend-ram,id=ram0,size=268435456B", arguments.All("-object")[0]);
        var devices = arguments.All("-device");
        foreach (var disk in (string[])["root", "overlay", "config"])
            Assert.Contains($"virtio-blk-{bus},drive={disk},serial={disk}", devices);
        Assert.Contains(devices, device => device.StartsWith($"virtio-net-{bus},netdev=net0,mac=02:00:00:64:00:05", StringComparison.Ordinal));
        Assert.Equal("tap,id=net0,fd=13,vhost=off", arguments.Single("-netdev"));
        Assert.Contains("virtserialport,bus=ports.0,nr=1,chardev=agent,name=hypeman.agent", devices);
        Assert.Contains("virtserialport,bus=ports.0,nr=2,chardev=events,name=hypeman.events", devices);
        Assert.Contains($"virtio-rng-{bus},rng=rng0", devices);
    }

    [Fact]
    public void Only_q35_has_spare_ports_and_a_generation_id()
    {
        Assert.Equal(4, Arguments(Machine, "q35").All("-device").Count(d => d.StartsWith("pcie-root-port", StringComparison.Ordinal)));
        Assert.Contains("vmgenid,guid=auto", Arguments(Machine, "q35").All("-device"));
        Assert.DoesNotContain(
            Arguments(Machine, "microvm").All("-device"), d => d.Contains("pci") || d.StartsWith("vmgenid", StringComparison.Ordinal));
    }

    [Fact]
    public void Nothing_is_opened_by_a_path_of_ours()
    {
        var arguments = Arguments(Machine, "q35");
        Assert.Equal("/proc/self/fd/3", arguments.Single("-kernel"));
        Assert.Equal("/proc/self/fd/4", arguments.Single("-initrd"));
        foreach (var argument in arguments.Where(a => a.Contains('/')))
            Assert.Matches("/proc/self/fd/|/dev/fdset/", argument);
        Assert.All(
            arguments.All("-add-fd"), set => Assert.Matches(@"^fd=(\d+),set=\1,opaque=(root|overlay|config|console|events)$", set));
    }

    [Fact]
    public void The_overlay_is_the_only_disk_that_can_be_written()
    {
        var drives = Arguments(Machine, "q35").All("-blockdev");
        Assert.Equal(["root", "config"], drives.Where(d => d.Contains("read-only=on")).Select(Node));
        Assert.Equal(["overlay"], drives.Where(d => d.Contains("read-only=off")).Select(Node));
    }

    [Fact]
    public void The_sandbox_is_on_and_a_reset_is_the_end()
    {
        var arguments = Arguments(Machine, "q35");
        Assert.Equal("on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny", arguments.Single("-sandbox"));
        Assert.Contains("-no-reboot", arguments);
        Assert.Contains("-nodefaults", arguments);
        Assert.Contains("-no-user-config", arguments);
    }

    [Theory]
    [InlineData("kvm", "host")]
    [InlineData("tcg", "max")]
    public void The_processor_is_the_best_that_the_accelerator_has(string accelerator, string processor)
    {
        var arguments = QemuCommandLine.For(Machine, QemuMachineType.Q35, accelerator, "quiet");
        Assert.Equal(accelerator, arguments.Single("-accel"));
        Assert.Equal(processor, arguments.Single("-cpu"));
    }

    [Fact]
    public void Without_a_network_there_is_no_device()
    {
        var arguments = Arguments(Machine with { Nic = null }, "q35");
        Assert.DoesNotContain("-netdev", arguments);
        Assert.DoesNotContain(arguments, a => a.StartsWith("virtio-net", StringComparison.Ordinal));
    }

    [Fact]
    public void A_disk_limit_holds_for_all_disks_together()
    {
        var arguments = Arguments(Machine with { DiskBytesPerSecond = 1_000_000 }, "q35");
        Assert.Contains(arguments.All("-object"), o => o.Contains("\"throttle-group\"") && o.Contains("\"bps-total\":1000000"));
        foreach (var disk in (string[])["root", "overlay", "config"])
        {
            Assert.Contains(arguments.All("-blockdev"), d => d.Contains($"node-name={disk}-limited,throttle-group=disks"));
            Assert.Contains($"virtio-blk-pci,drive={disk}-limited,serial={disk}", arguments.All("-device"));
        }
    }

    [Theory]
    [InlineData("qemu", "tcg", false)]
    [InlineData("qemu-microvm", "tcg", true)]
    [InlineData("qemu-microvm", "kvm", false)]
    public void The_kernel_is_told_what_it_cannot_find_and_spared_what_does_not_pay_when_emulated(string name, string accelerator, bool told)
    {
        var type = name == "qemu" ? QemuMachineType.Q35 : QemuMachineType.MicroVm;
        var driver = new QemuHypervisor("qemu-system-x86_64", version: null, type, accelerator, tscKhz: 2_500_000);
        Assert.Equal(name, driver.Name);
        var kernel = driver.Command(Machine).Arguments.Single("-append");
        Assert.Equal(told, kernel.Contains("tsc_early_khz=2500000"));
        Assert.Equal(accelerator == "tcg", kernel.Contains(" noreplace-smp"));
    }

    [Theory]
    [InlineData("7.2.22", "")]
    [InlineData("8.2.0", ",readonly=on,rom=off")]
    public void A_restored_machine_differs_in_where_its_memory_is_from_and_in_that_it_waits(string version, string access)
    {
        var driver = new QemuHypervisor("qemu", Version.Parse(version), QemuMachineType.Q35, Accelerators.Tcg, tscKhz: 1);
        var (booted, restored) = (driver.Command(Machine).Arguments, driver.Command(Machine with { IsRestored = true }).Arguments);
        Assert.Equal(["memory-backend-ram,id=ram0,size=268435456B"], booted.Except(restored));
        Assert.Equal(
            [
                $"memory-backend-file,id=ram0,size=268435456B,mem-path=/proc/self/fd/14,share=off{access}",
                "-S", "-global", "migration.send-configuration=off", "-incoming", "defer",
            ],
            restored.Except(booted));
    }

    private static IReadOnlyList<string> Arguments(VmMachine machine, string type) => QemuCommandLine.For(
        machine, type == "q35" ? QemuMachineType.Q35 : QemuMachineType.MicroVm, Accelerators.Tcg, "quiet");

    private static string Node(string drive) =>
        drive.Split(',').Single(part => part.StartsWith("node-name=", StringComparison.Ordinal))["node-name=".Length..];
}

internal static class ArgumentLists
{
    internal static IReadOnlyList<string> All(this IReadOnlyList<string> arguments, string option) =>
        [.. arguments.Zip(arguments.Skip(1)).Where(pair => pair.First == option).Select(pair => pair.Second)];

    internal static string Single(this IReadOnlyList<string> arguments, string option) => Assert.Single(arguments.All(option));
}

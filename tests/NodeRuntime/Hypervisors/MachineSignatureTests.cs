using Hypeman.NodeRuntime.Hypervisors;
using Hypeman.NodeRuntime.Hypervisors.Qemu;

namespace Hypeman.Tests.NodeRuntime.Hypervisors;

/// <summary>Which machines can be restored where.</summary>
public sealed class MachineSignatureTests
{
    private static readonly VmMachine Machine = new()
    {
        Id = "abc",
        Vcpus = 2,
        MemoryBytes = 256 << 20,
        Nic = new VmNic("02:00:00:64:00:05"),
    };

    [Fact]
    public void Another_name_address_clock_or_kernel_does_not_matter()
    {
        var there = Driver(tscKhz: 1).Signature(Machine);
        var here = Driver(tscKhz: 2).Signature(Machine with { Id = "fork", Nic = new VmNic("02:00:00:64:00:06") });
        Assert.Equal(there, here);
        Assert.Null(there.WhyNotOn(here));
    }

    [Fact]
    public void What_matters_is_told_apart_and_said()
    {
        var there = Driver().Signature(Machine);
        Assert.Contains("other devices", there.WhyNotOn(Driver().Signature(Machine with { Vcpus = 1 })));
        Assert.Contains("other devices", there.WhyNotOn(Driver().Signature(Machine with { Nic = null })));
        Assert.Contains("saved by QEMU 7.2.22 (tcg), and this host has QEMU 8.2.1 (tcg)", there.WhyNotOn(Driver("8.2.1").Signature(Machine)));
        Assert.Contains("under qemu, and would run under qemu-microvm",
            there.WhyNotOn(Driver(type: QemuMachineType.MicroVm).Signature(Machine)));
        Assert.Contains("processor was a, and that of this host is b", (there with { Processor = "a" }).WhyNotOn(there with { Processor = "b" }));
    }

    [Fact]
    public void A_driver_that_was_not_looked_at_saves_nothing()
    {
        Assert.True(Driver().Capabilities.Snapshots);
        Assert.False(new QemuHypervisor("qemu", version: null, QemuMachineType.Q35, Accelerators.Tcg, 1).Capabilities.Snapshots);
    }

    [Fact]
    public void Processors_of_one_name_that_can_do_different_things_are_different()
    {
        string[] one = ["processor\t: 0", "model name\t: Some CPU", "flags\t\t: fpu avx", "", "model name\t: Other"];
        string[] other = ["processor\t: 0", "model name\t: Some CPU", "flags\t\t: fpu avx2", ""];
        Assert.StartsWith("Some CPU (", ProcessorModel.Describe(one));
        Assert.NotEqual(ProcessorModel.Describe(one), ProcessorModel.Describe(other));
        Assert.StartsWith("unknown (", ProcessorModel.Describe([]));
    }

    private static QemuHypervisor Driver(string version = "7.2.22", QemuMachineType type = QemuMachineType.Q35, long tscKhz = 1) =>
        new("qemu-system-x86_64", Version.Parse(version), type, Accelerators.Tcg, tscKhz);
}

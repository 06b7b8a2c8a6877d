using Hypeman.NodeRuntime.Guest;

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>The driver of QEMU: one for each machine type.</summary>
/// <param name="tscKhz">Clock rate of this host's processors.</param>
internal sealed class QemuHypervisor(string program, QemuMachineType type, string accelerator, long tscKhz) : IHypervisor
{
    public string Name => type switch
    {
        QemuMachineType.Q35 => "qemu",
        QemuMachineType.MicroVm => "qemu-microvm",
    };

    public HypervisorCapabilities Capabilities => type switch
    {
        QemuMachineType.Q35 => new() { HotPlugsDisks = true },
        QemuMachineType.MicroVm => new(),
    };

    /// <summary>A microvm has nothing that a kernel could measure an emulated clock by, and hangs when it tries.</summary>
    private bool NeedsClockRate => type == QemuMachineType.MicroVm && accelerator == Accelerators.Tcg;

    public HypervisorCommand Command(VmMachine machine)
    {
        var kernelArguments = KernelCommandLine.For(NeedsClockRate ? tscKhz : null);
        return new(program, QemuCommandLine.For(machine, type, accelerator, kernelArguments));
    }

    public Task<IHypervisorControl> ConnectAsync(string socketPath, CancellationToken cancellationToken) =>
        QmpControl.ConnectAsync(socketPath, cancellationToken);
}

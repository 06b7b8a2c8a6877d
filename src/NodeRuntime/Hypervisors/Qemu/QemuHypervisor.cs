namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>The driver of QEMU: one for each machine type.</summary>
internal sealed class QemuHypervisor(string program, QemuMachineType type, string accelerator) : IHypervisor
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

    public HypervisorCommand Command(VmMachine machine) => new(program, QemuCommandLine.For(machine, type, accelerator));

    public Task<IHypervisorControl> ConnectAsync(string socketPath, CancellationToken cancellationToken) =>
        QmpControl.ConnectAsync(socketPath, cancellationToken);
}

namespace Hypeman.NodeRuntime.Hypervisors.Qemu;

/// <summary>The machines that QEMU plays for us.</summary>
internal enum QemuMachineType
{
    /// <summary>PCI Express with spare ports, so that disks can come and go while it runs.</summary>
    Q35,

    /// <summary>No PCI, no firmware to speak of: starts a little sooner, takes nothing while it runs.</summary>
    MicroVm,
}

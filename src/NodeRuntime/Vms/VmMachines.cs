using Hypeman.NodeRuntime.Hypervisors;

namespace Hypeman.NodeRuntime.Vms;

internal static class VmMachines
{
    private const long Page = 4096;

    /// <summary>The machine of a VM, always the same for the same order.</summary>
    internal static VmMachine Of(VmRecord record) => new()
    {
        Id = record.Spec.Id,
        Vcpus = record.Spec.Vcpus,
        MemoryBytes = (record.Spec.MemoryBytes + Page - 1) / Page * Page,
        Nic = record.Spec.NetworkEnabled ? new VmNic(record.Mac) : null,
        DiskBytesPerSecond = record.Spec.DiskBytesPerSecond,
    };
}

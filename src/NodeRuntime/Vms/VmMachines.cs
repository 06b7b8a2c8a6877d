using Hypeman.NodeRuntime.Hypervisors;

namespace Hypeman.NodeRuntime.Vms;

internal static class VmMachines
{
    private const long Page = 4096;

    /// <summary>The machine of a VM, always the same for the same order.</summary>
    internal static VmMachine Of(VmRecord record) => Of(record.Spec, record.Mac);

    /// <param name="spec">The order.</param>
    /// <param name="mac">Of its network device, if it has one.</param>
    internal static VmMachine Of(VmSpec spec, string mac) => new()
    {
        Id = spec.Id,
        Vcpus = spec.Vcpus,
        MemoryBytes = (spec.MemoryBytes + Page - 1) / Page * Page,
        Nic = spec.NetworkEnabled ? new VmNic(mac) : null,
        DiskBytesPerSecond = spec.DiskBytesPerSecond,
    };
}

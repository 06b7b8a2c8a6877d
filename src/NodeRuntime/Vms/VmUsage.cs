using Hypeman.NodeRuntime.Networks;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>What a VM takes of its host, as its hypervisor process does.</summary>
/// <param name="CpuTime">Since this process began; a restore begins another one.</param>
/// <param name="ResidentBytes">Of memory, with what the hypervisor needs beside the guest's.</param>
/// <param name="VirtualBytes">Of addresses.</param>
/// <param name="Network">As the VM sees it; zero without a network.</param>
public sealed record VmUsage(TimeSpan CpuTime, long ResidentBytes, long VirtualBytes, NicCounters Network)
{
    /// <summary>Of one that has no process.</summary>
    public static VmUsage None { get; } = new(TimeSpan.Zero, 0, 0, default);
}

using Hypeman.Contracts.Instances;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.Grains.Instances;

/// <summary>What an instance takes, asked of its node.</summary>
internal static class InstanceUsage
{
    public static async Task<InstanceStats> ReadAsync(IVmHost vms, InstanceState state)
    {
        var usage = await UsageAsync(vms, state.Id);
        return new InstanceStats
        {
            Id = state.Id,
            Name = state.Spec.Name,
            CpuTime = usage.CpuTime,
            ResidentBytes = usage.ResidentBytes,
            VirtualBytes = usage.VirtualBytes,
            ReceivedBytes = usage.Network.ReceivedBytes,
            SentBytes = usage.Network.SentBytes,
            AllocatedVcpus = state.Spec.Vcpus,
            AllocatedMemoryBytes = state.Spec.MemoryBytes + state.Spec.HotplugBytes,
        };
    }

    private static async Task<VmUsage> UsageAsync(IVmHost vms, string id)
    {
        try
        {
            return await vms.ReadUsageAsync(id, CancellationToken.None);
        }
        catch (NodeException none) when (none.Kind == NodeErrorKind.NotFound)
        {
            return VmUsage.None; // Not yet, or no more.
        }
    }
}

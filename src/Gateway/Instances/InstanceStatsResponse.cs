using Hypeman.Contracts.Instances;

namespace Hypeman.Gateway.Instances;

internal sealed record InstanceStatsResponse
{
    public required string InstanceId { get; init; }
    public required string InstanceName { get; init; }
    public required double CpuSeconds { get; init; }
    public required long MemoryRssBytes { get; init; }
    public required long MemoryVmsBytes { get; init; }
    public required long NetworkRxBytes { get; init; }
    public required long NetworkTxBytes { get; init; }
    public required int AllocatedVcpus { get; init; }
    public required long AllocatedMemoryBytes { get; init; }

    /// <summary>Of what it may take; null when that is nothing.</summary>
    public double? MemoryUtilizationRatio { get; init; }

    public static InstanceStatsResponse From(InstanceStats stats) => new()
    {
        InstanceId = stats.Id,
        InstanceName = stats.Name,
        CpuSeconds = stats.CpuTime.TotalSeconds,
        MemoryRssBytes = stats.ResidentBytes,
        MemoryVmsBytes = stats.VirtualBytes,
        NetworkRxBytes = stats.ReceivedBytes,
        NetworkTxBytes = stats.SentBytes,
        AllocatedVcpus = stats.AllocatedVcpus,
        AllocatedMemoryBytes = stats.AllocatedMemoryBytes,
        MemoryUtilizationRatio = stats.AllocatedMemoryBytes > 0 ? (double)stats.ResidentBytes / stats.AllocatedMemoryBytes : null,
    };
}

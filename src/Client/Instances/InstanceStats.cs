using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>What an instance takes of its node; zeros when it does not run.</summary>
public sealed record InstanceStats : ApiResource
{
    public string InstanceName { get; init; } = "";
    public double CpuSeconds { get; init; }
    public long MemoryRssBytes { get; init; }
    public long NetworkRxBytes { get; init; }
    public long NetworkTxBytes { get; init; }
    public long AllocatedMemoryBytes { get; init; }
}

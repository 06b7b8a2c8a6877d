using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Grains.Nodes;

namespace Hypeman.Grains.Instances;

/// <summary>An instance as the index has it.</summary>
internal sealed record LivingInstance(InstanceInfo Info, string ImageDigest)
{
    /// <summary>What it needs of another node: to be what it is, and be started by the hypervisor that it has.</summary>
    public InstanceSpec Spec => Info.Spec with { Hypervisor = Info.Hypervisor };

    public NodeDemand DemandOf(bool restart) => InstanceDemand.Of(Info.Spec, restart ? InstancePhase.Created : InstancePhase.Stopped);

    public static LivingInstance Read(ResourceRow row) => new(ResourceSummary.Read<InstanceInfo>(row), row.Parent!);
}

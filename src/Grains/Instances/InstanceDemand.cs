using Hypeman.Contracts.Instances;
using Hypeman.Grains.Nodes;

namespace Hypeman.Grains.Instances;

/// <summary>What an instance takes from its node: its disk for as long as it exists, memory while it has a VM.</summary>
internal static class InstanceDemand
{
    public static NodeDemand Of(InstanceState state) =>
        Of(state.Spec, state.Operation switch
        {
            { Restart: true } => InstancePhase.Created,
            // What is not to run has no VM on the way.
            { Kind: OperationKind.Fork or OperationKind.Revert } when state.Intent != InstanceIntent.Running => InstancePhase.Stopped,
            _ => state.Phase(),
        });

    public static NodeDemand Of(InstanceSpec spec, InstancePhase phase) => new(
        HasVm(phase) ? spec.MemoryBytes + spec.HotplugBytes : 0, spec.OverlayBytes);

    private static bool HasVm(InstancePhase phase) => phase switch
    {
        InstancePhase.Created or InstancePhase.Initializing or InstancePhase.Running or InstancePhase.Paused
            or InstancePhase.Shutdown or InstancePhase.Unknown => true,
        InstancePhase.Stopped or InstancePhase.Standby => false,
    };
}

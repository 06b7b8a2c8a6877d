using Hypeman.Contracts.Instances;

namespace Hypeman.Grains.Instances;

/// <summary>The phase that the API shows, from what is being done and what was seen.</summary>
internal static class InstancePhases
{
    public static InstancePhase Of(OperationKind? operation, ObservedPhase observed) => operation switch
    {
        OperationKind.Create or OperationKind.Start => WhileStarting(observed),
        // Its memory may have come already, but is not where it is to be.
        OperationKind.Fork or OperationKind.Revert when observed == ObservedPhase.Standby => InstancePhase.Created,
        OperationKind.Fork or OperationKind.Revert => WhileStarting(observed),
        // Its memory is taken already.
        OperationKind.Restore when observed == ObservedPhase.Standby => InstancePhase.Paused,
        OperationKind.Stop or OperationKind.Delete or OperationKind.Move or OperationKind.Standby or OperationKind.Restore or null =>
            AtRest(observed),
    };

    // Stopped is not news while a start is in flight: it is the boot before, or an attempt that is about to be repeated.
    private static InstancePhase WhileStarting(ObservedPhase observed) => observed switch
    {
        ObservedPhase.Absent or ObservedPhase.Stopped => InstancePhase.Created,
        _ => AtRest(observed),
    };

    private static InstancePhase AtRest(ObservedPhase observed) => observed switch
    {
        ObservedPhase.Absent or ObservedPhase.Stopped => InstancePhase.Stopped,
        ObservedPhase.Booting => InstancePhase.Initializing,
        ObservedPhase.Running => InstancePhase.Running,
        ObservedPhase.Paused => InstancePhase.Paused,
        ObservedPhase.Standby => InstancePhase.Standby,
        ObservedPhase.Ending => InstancePhase.Shutdown,
        ObservedPhase.Unknown => InstancePhase.Unknown,
    };

    public static InstancePhase Phase(this InstanceState state) => Of(state.Operation?.Kind, state.Observed.Phase);
}

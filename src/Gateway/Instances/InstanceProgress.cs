using Hypeman.Contracts.Instances;

namespace Hypeman.Gateway.Instances;

/// <summary>How far an operation has come.</summary>
internal enum Progress
{
    Pending,
    Done,
    Failed,
}

/// <summary>Reads from an instance's info how far an operation on it has come.</summary>
internal static class InstanceProgress
{
    /// <summary>Of a create or start: done as soon as the VM boots, or has already ended again.</summary>
    public static Progress OfBoot(InstanceInfo info) => info switch
    {
        { Phase: InstancePhase.Initializing or InstancePhase.Running } => Progress.Done,
        { Operation: not null } => Progress.Pending,
        { StateError: not null } => Progress.Failed,
        { Phase: InstancePhase.Created } => Progress.Pending,
        _ => Progress.Done,
    };

    public static Progress OfStop(InstanceInfo info) => info switch
    {
        { Operation: not null } => Progress.Pending,
        { Phase: InstancePhase.Stopped } => Progress.Done,
        _ => Progress.Failed,
    };

    /// <summary>Of a delete while the instance is still there.</summary>
    public static Progress OfDelete(InstanceInfo info) =>
        info is { Operation: null, StateError: not null } ? Progress.Failed : Progress.Pending;

    /// <summary>Nothing will change by itself any more, so that waiting for another phase is in vain.</summary>
    public static bool IsAtRest(InstanceInfo info) =>
        info.Operation is null
        && (info.StateError is not null
            || info.Phase is InstancePhase.Stopped or InstancePhase.Standby or InstancePhase.Unknown);
}

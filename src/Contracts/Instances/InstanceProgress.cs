namespace Hypeman.Contracts.Instances;

/// <summary>How far an operation has come.</summary>
public enum Progress
{
    Pending,
    Done,
    Failed,
}

/// <summary>What an operation on an instance is to come to.</summary>
public enum InstanceGoal
{
    /// <summary>
    /// Of a create or start: done as soon as the VM has a process and boots, or has already ended again. The phase alone
    /// does not tell: until there is a process, the start can still fail. A create that failed is undone by a delete,
    /// so it is pending until the instance is gone.
    /// </summary>
    Boot,
    Stop,

    /// <summary>
    /// A delete is never given up: it is over when the instance is gone. Only for a node that is away nobody waits.
    /// </summary>
    Delete,

    /// <summary>A standby that failed leaves the instance running.</summary>
    Standby,

    /// <summary>Of a restore: done when the guest answers. One that failed leaves the instance in standby.</summary>
    Restore,

    /// <summary>Done when it is what it was to become; one that is to run, when its guest answers. It fails as a create does.</summary>
    Fork,

    /// <summary>Done when it lives on another node, and is there what it was. One that failed leaves it where it was.</summary>
    Move,
}

/// <summary>Reads from an instance's info how far an operation on it has come.</summary>
public static class InstanceProgress
{
    public static Progress ProgressOf(this InstanceGoal goal, InstanceInfo info) => goal switch
    {
        InstanceGoal.Boot => OfBoot(info),
        InstanceGoal.Stop => OfRest(info, InstancePhase.Stopped),
        InstanceGoal.Standby => OfRest(info, InstancePhase.Standby),
        InstanceGoal.Restore => OfRestore(info),
        InstanceGoal.Fork => OfFork(info),
        InstanceGoal.Move => OfMove(info),
        InstanceGoal.Delete => info.IsAway ? Progress.Failed : Progress.Pending,
    };

    /// <summary>Nothing will change by itself any more, so that waiting for another phase is in vain.</summary>
    public static bool IsAtRest(InstanceInfo info) => info is
    {
        Operation: null,
        Restart: null or { NextAttemptAt: null },
        Phase: InstancePhase.Stopped or InstancePhase.Standby or InstancePhase.Unknown,
    };

    private static Progress OfBoot(InstanceInfo info) => info switch
    {
        { Operation: "delete" } => Progress.Pending,
        { Phase: InstancePhase.Running } => Progress.Done,
        { Operation: not null } => Progress.Pending,
        { Phase: InstancePhase.Initializing } => Progress.Done,
        { Failure: not null } => Progress.Failed,
        _ => Progress.Done,
    };

    private static Progress OfFork(InstanceInfo info) =>
        info is { Phase: InstancePhase.Initializing, Failure: null } ? Progress.Pending : OfBoot(info);

    private static Progress OfMove(InstanceInfo info) => info switch
    {
        { Operation: not null } or { Phase: InstancePhase.Initializing, Failure: null } => Progress.Pending,
        { MoveError: not null } => Progress.Failed,
        _ => Progress.Done,
    };

    private static Progress OfRest(InstanceInfo info, InstancePhase wanted) => info switch
    {
        { Operation: not null } => Progress.Pending,
        _ when info.Phase == wanted => Progress.Done,
        _ => Progress.Failed,
    };

    private static Progress OfRestore(InstanceInfo info) => info switch
    {
        { Phase: InstancePhase.Running } => Progress.Done,
        { Operation: not null } => Progress.Pending,
        { Phase: InstancePhase.Initializing, Failure: null } => Progress.Pending,
        _ => Progress.Failed,
    };
}

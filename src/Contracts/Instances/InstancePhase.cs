namespace Hypeman.Contracts.Instances;

/// <summary>
/// Where an instance is in its life, with the names the API uses. Which commands are legal in which phase is
/// decided by <c>InstanceLifecycle</c> in Grains.
/// </summary>
public enum InstancePhase
{
    /// <summary>The record exists, its VM has not been started yet.</summary>
    Created,

    /// <summary>The VM runs; its program or its agent is not ready yet.</summary>
    Initializing,

    /// <summary>The program was started and, unless the agent is left out, the agent answers.</summary>
    Running,

    /// <summary>The virtual CPUs are halted, the memory is held.</summary>
    Paused,

    /// <summary>The guest has shut down, the VM process is still there.</summary>
    Shutdown,

    /// <summary>No VM; the disk is kept.</summary>
    Stopped,

    /// <summary>No VM; disk and memory are kept.</summary>
    Standby,

    /// <summary>The node cannot say; <see cref="InstanceInfo.StateError"/> says why.</summary>
    Unknown,
}

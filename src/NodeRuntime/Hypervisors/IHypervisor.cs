namespace Hypeman.NodeRuntime.Hypervisors;

/// <summary>
/// One kind of machine under one VMM. A driver knows the VMM's command line and its control protocol; processes,
/// files, networks and ledgers are the supervisor's, and the same for all drivers.
/// </summary>
public interface IHypervisor
{
    /// <summary>The name that instances ask for, for example <c>qemu</c>.</summary>
    string Name { get; }

    HypervisorCapabilities Capabilities { get; }

    /// <summary>The command that runs this machine. Pure: it asks nothing of the host.</summary>
    HypervisorCommand Command(VmMachine machine);

    /// <summary>What the saved state of this machine can be restored under. Only where <see cref="HypervisorCapabilities.Snapshots"/>.</summary>
    MachineSignature Signature(VmMachine machine);

    /// <summary>Takes the one control session of a running VMM, over the socket that it inherited as <see cref="VmDescriptor.Control"/>.</summary>
    /// <exception cref="Errors.NodeException">Unavailable: it does not answer as this VMM does.</exception>
    Task<IHypervisorControl> ConnectAsync(string socketPath, CancellationToken cancellationToken);
}

/// <summary>What a driver can do beyond running a machine; what it cannot is refused before anything is touched.</summary>
public sealed record HypervisorCapabilities
{
    /// <summary>Disks can be added to and taken from a running machine.</summary>
    public bool HotPlugsDisks { get; init; }

    /// <summary>Memory can be added to a running machine.</summary>
    public bool HotPlugsMemory { get; init; }

    /// <summary>Device state and memory can be saved and restored.</summary>
    public bool Snapshots { get; init; }
}

/// <summary>The program to start for a VM, and what it is told.</summary>
public sealed record HypervisorCommand(string Program, IReadOnlyList<string> Arguments);

/// <summary>The control session of one running VMM. Dispose leaves the VMM running.</summary>
public interface IHypervisorControl : IAsyncDisposable
{
    /// <summary>Ends when the session does; never fails.</summary>
    Task Closed { get; }

    /// <summary>What the VMM tells of its own accord, in words for the operations log; ends with the session.</summary>
    IAsyncEnumerable<string> Notices { get; }

    /// <summary>Whether the virtual CPUs are running.</summary>
    Task<bool> IsRunningAsync(CancellationToken cancellationToken);

    /// <summary>Halts the virtual CPUs and flushes the disks.</summary>
    Task PauseAsync(CancellationToken cancellationToken);

    /// <summary>Has the virtual CPUs run; no error when they do already.</summary>
    Task ResumeAsync(CancellationToken cancellationToken);

    /// <summary>Writes the state of processors and devices of a paused machine to <see cref="VmDescriptor.State"/>, over what it holds.</summary>
    Task SaveDevicesAsync(CancellationToken cancellationToken);

    /// <summary>
    /// Gives a restored machine the state in <see cref="VmDescriptor.Incoming"/>; it is paused then. Its memory must be whole
    /// before: devices look into it.
    /// </summary>
    Task LoadDevicesAsync(CancellationToken cancellationToken);

    /// <summary>Presses the power button: a guest with an init system shuts down, others may not notice.</summary>
    Task PressPowerButtonAsync(CancellationToken cancellationToken);

    /// <summary>Asks the VMM to flush its disks and end. Returns when it has understood.</summary>
    Task QuitAsync(CancellationToken cancellationToken);
}

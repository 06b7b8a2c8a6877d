using Hypeman.GuestProtocol.Messages;

namespace Hypeman.NodeRuntime.Vms;

/// <summary>
/// The VMs of this host. Orders are idempotent and carry the epoch of the owner that gives them; one with a lower
/// epoch than the ledger's is refused with <see cref="Errors.NodeErrorKind.Fenced"/>.
/// </summary>
public interface IVmHost
{
    /// <summary>
    /// Makes what is missing (directory, disk, network identity, TAP) and starts the hypervisor. Returns once it
    /// runs; what the guest does then comes through <see cref="WatchAsync"/>. When the VM already runs, returns its
    /// status and starts nothing. A new boot of a VM in standby starts from its disk and drops the saved memory.
    /// </summary>
    /// <exception cref="Errors.NodeException">Nothing is left running or half made.</exception>
    Task<VmStatus> StartAsync(VmSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the VM: asks the guest, waits for <paramref name="grace"/>, then the hypervisor, then kills. Zero grace
    /// skips asking. Returns when the process is gone and its TAP is released; disk and identity stay. Of a VM in standby
    /// it drops the saved memory.
    /// </summary>
    Task<VmStatus> StopAsync(string id, long epoch, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>
    /// Saves the memory of a running VM and ends its process; address, disk and events stay, and
    /// <see cref="RestoreAsync"/> goes on from there. Open sessions with the guest end. When it is in standby already,
    /// returns its status.
    /// </summary>
    /// <exception cref="Errors.NodeException">
    /// The VM runs on, and nothing is left of the try. WrongPhase: it is not Running. NotSupported: its hypervisor cannot.
    /// </exception>
    Task<VmStatus> StandbyAsync(string id, long epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Has a VM in standby go on: the same boot, with the same address. Returns once its processors run; it is Running
    /// when its agent has answered and has set the clock. When it runs already, returns its status.
    /// </summary>
    /// <exception cref="Errors.NodeException">
    /// It is in standby still, with all it had, and its status says why. WrongPhase: it is Stopped. NotSupported: its
    /// memory was saved by another hypervisor, version or processor than this host has.
    /// </exception>
    Task<VmStatus> RestoreAsync(string id, long epoch, CancellationToken cancellationToken);

    /// <summary>Ends the VM and removes all it has here. A VM that is not here is no error.</summary>
    Task DeleteAsync(string id, long epoch, CancellationToken cancellationToken);

    /// <summary>The present status; null when this host holds no such VM.</summary>
    VmStatus? Find(string id);

    IReadOnlyList<VmStatus> List();

    /// <summary>The status of every VM, then of each one that changes. A reader that is slow sees only the latest.</summary>
    IAsyncEnumerable<VmStatus> WatchAsync(CancellationToken cancellationToken);

    /// <summary>Opens an exec or copy session with the guest agent; the request picks the kind.</summary>
    Task<IGuestSession> OpenGuestAsync(string id, GuestRequest request, CancellationToken cancellationToken);

    Task<StatReply> StatAsync(string id, StatRequest request, CancellationToken cancellationToken);

    /// <summary>Lines of a log, oldest first, in batches as they can be had.</summary>
    /// <exception cref="Errors.NodeException">NotFound when the log does not exist (yet).</exception>
    IAsyncEnumerable<IReadOnlyList<string>> ReadLogAsync(
        string id, VmLog log, int tail, bool follow, CancellationToken cancellationToken);

    /// <summary>Adds a line to the VM's operations log.</summary>
    void AppendLog(string id, string line);

    /// <summary>A TCP connection to a port of the guest, made inside the node's network namespace.</summary>
    ValueTask<Stream> ConnectAsync(string id, int port, CancellationToken cancellationToken);
}

public enum VmLog
{
    /// <summary>The serial console.</summary>
    Console,

    /// <summary>Stdout and stderr of the hypervisor process.</summary>
    Vmm,

    /// <summary>What we did with this VM.</summary>
    Operations,
}

/// <summary>An open exec or copy session with a guest agent. Disposing it ends what it runs in the guest.</summary>
public interface IGuestSession : IAsyncDisposable
{
    /// <summary>What comes back, in order; ends after the message that ends the session.</summary>
    IAsyncEnumerable<GuestReply> ReadAllAsync(CancellationToken cancellationToken);

    /// <summary>Sends input; waits while the guest's window is full.</summary>
    ValueTask WriteAsync(ReadOnlyMemory<byte> bytes, CancellationToken cancellationToken);

    /// <summary>No more input.</summary>
    ValueTask EndAsync(CancellationToken cancellationToken);

    ValueTask ResizeAsync(int rows, int columns, CancellationToken cancellationToken);
}

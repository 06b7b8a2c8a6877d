using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Vms.Transfer;

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
    /// status and starts nothing.
    /// </summary>
    /// <exception cref="Errors.NodeException">Nothing is left running or half made.</exception>
    Task<VmStatus> StartAsync(VmSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Ends the VM: asks the guest, waits for <paramref name="grace"/>, then the hypervisor, then kills. Zero grace
    /// skips asking. Returns when the process is gone and its TAP is released; disk and identity stay.
    /// </summary>
    Task<VmStatus> StopAsync(string id, long epoch, TimeSpan grace, CancellationToken cancellationToken);

    /// <summary>Ends the VM and removes all it has here. A VM that is not here is no error.</summary>
    Task DeleteAsync(string id, long epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Describes what is kept of a VM at rest, for the host that is to have it. From then on it obeys only
    /// <paramref name="epoch"/>, so that no earlier owner can start it here.
    /// </summary>
    /// <exception cref="Errors.NodeException">NotFound; WrongPhase when it does not rest.</exception>
    Task<VmManifest> HandOverAsync(string id, long epoch, CancellationToken cancellationToken);

    /// <summary>A chunk of a kept file of a VM at rest, holes as zeros.</summary>
    /// <exception cref="Errors.NodeException">NotFound, Invalid; WrongPhase when the VM does not rest.</exception>
    Task<ReadOnlyMemory<byte>> ReadChunkAsync(string id, string file, long chunk, CancellationToken cancellationToken);

    /// <summary>
    /// Takes over from another host what is kept of a VM. Until all of it is here and was checked, the VM is
    /// <see cref="VmPhase.Arriving"/>; then it rests here as it did there. Repeating it goes on where it was.
    /// </summary>
    /// <param name="spec">What the VM is, with the epoch of the owner that has it moved.</param>
    /// <param name="source">Where it is.</param>
    /// <param name="heard">Called whenever the source has given something.</param>
    /// <param name="cancellationToken">Leaves it as far as it is.</param>
    /// <exception cref="Errors.NodeException">Unavailable: the source is silent. InsufficientResources: the disk is full.</exception>
    Task<VmStatus> ReceiveAsync(VmSpec spec, IVmSource source, Action heard, CancellationToken cancellationToken);

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

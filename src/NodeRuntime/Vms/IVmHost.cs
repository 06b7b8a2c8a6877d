using Hypeman.GuestProtocol.Messages;
using Hypeman.NodeRuntime.Memory.Compression;
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
    /// <param name="id">Of the VM.</param>
    /// <param name="epoch">Of the owner.</param>
    /// <param name="isUsed">Asked before anything is done, and once more while the guest stands still: whether it is not to be; null: it is to be.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="Errors.NodeException">
    /// The VM runs on, and nothing is left of the try. WrongPhase: it is not Running. NotSupported: its hypervisor cannot. Busy: it is used.
    /// </exception>
    Task<VmStatus> StandbyAsync(string id, long epoch, Func<VmActivity, bool>? isUsed, CancellationToken cancellationToken);

    /// <summary>
    /// Has a VM in standby go on: the same boot, with the same address. Returns once its processors run; it is Running
    /// when its agent has answered and has set the clock. When it runs already, returns its status.
    /// </summary>
    /// <exception cref="Errors.NodeException">
    /// It is in standby still, with all it had, and its status says why. WrongPhase: it is Stopped. NotSupported: its
    /// memory was saved by another hypervisor, version or processor than this host has.
    /// </exception>
    Task<VmStatus> RestoreAsync(string id, long epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Has the saved memory of a VM in standby compressed, in the background. Whoever needs the memory meanwhile has it as it
    /// is, and it is compressed when it rests again. Of a VM in another phase, does nothing.
    /// </summary>
    /// <exception cref="Errors.NodeException">NotFound.</exception>
    Task CompressAsync(string id, long epoch, CompressionSpec spec, CancellationToken cancellationToken);

    /// <summary>
    /// Makes a VM as a copy of a snapshot or of another VM, which goes on as it was: with memory it is in standby then, else
    /// stopped. It has an address of its own, and its guest, once restored, is told so before the VM is Running. When
    /// it is here already, returns its status.
    /// </summary>
    /// <param name="spec">Of the new VM; sizes and devices must be those of what it is a copy of.</param>
    /// <param name="source">See <see cref="Snapshots.ISnapshotHost.TakeAsync"/> for what a VM must be.</param>
    /// <param name="withMemory">Else only the disk.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="Errors.NodeException">
    /// It is Arriving: the order can be repeated, or the VM deleted. NotFound, WrongPhase, InsufficientResources;
    /// NotSupported: a copy with memory would keep its source's address, for it has no agent.
    /// </exception>
    Task<VmStatus> ForkAsync(VmSpec spec, ForkSource source, bool withMemory, CancellationToken cancellationToken);

    /// <summary>
    /// Puts a VM at rest back to one of its snapshots: with memory it is in standby then, else stopped. What it was before is
    /// lost. Repeating the order with its boot does nothing.
    /// </summary>
    /// <param name="spec">With a boot of its own.</param>
    /// <param name="snapshotId">On this host.</param>
    /// <param name="withMemory">Else only the disk.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="Errors.NodeException">The VM is as it was. NotFound, WrongPhase, InsufficientResources.</exception>
    Task<VmStatus> RevertAsync(VmSpec spec, string snapshotId, bool withMemory, CancellationToken cancellationToken);

    /// <summary>Ends the VM and removes all it has here. A VM that is not here is no error.</summary>
    Task DeleteAsync(string id, long epoch, CancellationToken cancellationToken);

    /// <summary>
    /// Describes what is kept of a VM at rest, its saved memory included, for the host that is to have it. From then on it obeys only
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
    /// <exception cref="Errors.NodeException">
    /// Unavailable: the source is silent. InsufficientResources: the disk is full. NotSupported: its memory was saved under
    /// another hypervisor, version or processor than this host has.
    /// </exception>
    Task<VmStatus> ReceiveAsync(VmSpec spec, IVmSource source, Action heard, CancellationToken cancellationToken);

    /// <summary>The present status; null when this host holds no such VM.</summary>
    VmStatus? Find(string id);

    IReadOnlyList<VmStatus> List();

    /// <summary>What a VM takes of this host now; <see cref="VmUsage.None"/> when it has no process.</summary>
    /// <exception cref="Errors.NodeException">NotFound.</exception>
    Task<VmUsage> ReadUsageAsync(string id, CancellationToken cancellationToken);

    /// <summary>Who uses the VMs that run here, by id.</summary>
    Task<IReadOnlyDictionary<string, VmActivity>> ReadActivityAsync(CancellationToken cancellationToken);

    /// <summary>Remembers beyond the end of this process when a VM was last used.</summary>
    void KeepActivity(string id, DateTimeOffset at);

    /// <summary>The status of every VM, then of each one that changes. A reader that is slow sees only the latest.</summary>
    IAsyncEnumerable<VmStatus> WatchAsync(CancellationToken cancellationToken);

    /// <summary>Opens an exec or copy session with the guest agent; the request picks the kind.</summary>
    /// <param name="id">Of the VM.</param>
    /// <param name="request">What is wanted.</param>
    /// <param name="keepsAwake">Whether it counts as use of the VM; see <see cref="VmActivity"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    Task<IGuestSession> OpenGuestAsync(string id, GuestRequest request, bool keepsAwake, CancellationToken cancellationToken);

    Task<StatReply> StatAsync(string id, StatRequest request, CancellationToken cancellationToken);

    /// <summary>Lines of a log, oldest first, in batches as they can be had.</summary>
    /// <exception cref="Errors.NodeException">NotFound when the log does not exist (yet).</exception>
    IAsyncEnumerable<IReadOnlyList<string>> ReadLogAsync(
        string id, VmLog log, int tail, bool follow, CancellationToken cancellationToken);

    /// <summary>Adds a line to the VM's operations log.</summary>
    void AppendLog(string id, string line);

    /// <summary>A TCP connection to a port of the guest, made inside the node's network namespace.</summary>
    /// <param name="id">Of the VM.</param>
    /// <param name="port">Of the guest.</param>
    /// <param name="keepsAwake">Whether it counts as use of the VM; see <see cref="VmActivity"/>.</param>
    /// <param name="cancellationToken">Gives up.</param>
    ValueTask<Stream> ConnectAsync(string id, int port, bool keepsAwake, CancellationToken cancellationToken);
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

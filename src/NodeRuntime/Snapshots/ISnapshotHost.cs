using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.NodeRuntime.Snapshots;

/// <summary>The snapshots of this host. They outlive the VM they are of.</summary>
public interface ISnapshotHost
{
    /// <summary>
    /// Takes a snapshot of a VM. One that runs stands still while its memory is read and its disk is copied, then goes on;
    /// open sessions with its guest end. When the snapshot is here already, returns it.
    /// </summary>
    /// <param name="id">Of the snapshot.</param>
    /// <param name="vmId">Must be Running or Standby; without memory also Stopped.</param>
    /// <param name="epoch">Of the VM's owner.</param>
    /// <param name="withMemory">Else only the disk, as a loss of power would leave it.</param>
    /// <param name="cancellationToken">Gives it up.</param>
    /// <exception cref="Errors.NodeException">
    /// Nothing is left of the try, and the VM is as it was. NotFound, WrongPhase; Unavailable: it is on its way to another
    /// phase; NotSupported: its hypervisor cannot.
    /// </exception>
    Task<SnapshotStatus> TakeAsync(string id, string vmId, long epoch, bool withMemory, CancellationToken cancellationToken);

    /// <summary>
    /// Has the memory of a snapshot compressed, in the background. Whoever needs the memory meanwhile has it as it is, and it
    /// is compressed when it rests again. One without memory is left as it is.
    /// </summary>
    /// <exception cref="Errors.NodeException">NotFound.</exception>
    Task CompressAsync(string id, CompressionSpec spec, CancellationToken cancellationToken);

    /// <summary>Describes a snapshot, for a host that is to have a copy.</summary>
    /// <exception cref="Errors.NodeException">NotFound.</exception>
    Task<SnapshotDescription> DescribeAsync(string id, CancellationToken cancellationToken);

    /// <summary>A chunk of a file of a snapshot, holes as zeros.</summary>
    /// <exception cref="Errors.NodeException">
    /// NotFound, Invalid; Unavailable: the file has another form than when it was described, so describe it again.
    /// </exception>
    Task<ReadOnlyMemory<byte>> ReadChunkAsync(string id, string file, long chunk, CancellationToken cancellationToken);

    /// <summary>Copies a snapshot from another host. When it is here already, returns it.</summary>
    /// <param name="id">Of the snapshot.</param>
    /// <param name="source">Where it is.</param>
    /// <param name="cancellationToken">Gives it up; what has come so far is gone on with.</param>
    /// <exception cref="Errors.NodeException">
    /// Unavailable: the source is silent. InsufficientResources: the disk is full. NotSupported: its memory could not be
    /// restored here. NotFound: the source has none.
    /// </exception>
    Task<SnapshotStatus> ReceiveAsync(string id, ISnapshotSource source, CancellationToken cancellationToken);

    /// <summary>Removes a snapshot; what was made from it needs it no more. One that is not here is no error.</summary>
    Task DeleteAsync(string id, CancellationToken cancellationToken);

    /// <summary>Null when it is not here, or not whole.</summary>
    SnapshotStatus? Find(string id);

    /// <summary>Those that are whole.</summary>
    IReadOnlyList<SnapshotStatus> List();
}

/// <summary>A snapshot that is here and whole.</summary>
public sealed record SnapshotStatus
{
    public required string Id { get; init; }
    public required DateTimeOffset TakenAt { get; init; }

    /// <summary>The VM it is of.</summary>
    public required string VmId { get; init; }

    /// <summary>Null when it is the disk alone.</summary>
    public SavedMemory? Memory { get; init; }

    /// <summary>How far the compression of its memory has come.</summary>
    public CompressionStatus Compression { get; init; } = new(CompressionState.None);

    /// <summary>What it takes on the disk of this host, with its memory's base, which others may share.</summary>
    public required long SizeBytes { get; init; }
}

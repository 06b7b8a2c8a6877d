using Hypeman.NodeRuntime.Disks;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Memory;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Logging;

namespace Hypeman.NodeRuntime.Snapshots;

/// <summary>The snapshots in this host's data directory. What is done with one of them is done one after another.</summary>
internal sealed class SnapshotStore(DataLayout layout, MemoryStore memory, OverlayDisks disks, ILogger log)
{
    private readonly KeyedLock _turns = new();

    /// <param name="fill">Fills an empty folder, or throws.</param>
    internal async Task<SnapshotStatus> TakeAsync(string id, Func<SnapshotFolder, Task> fill, CancellationToken cancellationToken)
    {
        using var turn = await _turns.TakeAsync(id, cancellationToken);
        if (Find(id) is { } present)
            return present;
        await fill(layout.Snapshot(id));
        return Find(id)!;
    }

    /// <summary>Copies a snapshot, or only its disk.</summary>
    /// <exception cref="NodeException">
    /// NotFound; WrongPhase: it has no memory. InsufficientResources: no space. Internal: some of it is missing or damaged.
    /// </exception>
    internal async Task CopyAsync(string id, SnapshotFolder into, bool withMemory, CancellationToken cancellationToken)
    {
        using var turn = await _turns.TakeAsync(id, cancellationToken);
        var folder = layout.Snapshot(id);
        if (!folder.IsWhole)
            throw new NodeException(NodeErrorKind.NotFound, $"This host has no snapshot {id}.");
        var manifest = folder.Read();
        if (withMemory && manifest.Memory is null)
            throw new NodeException(NodeErrorKind.WrongPhase, $"The snapshot {id} is of a disk alone, without memory.");
        folder.Check(withMemory);
        if (withMemory)
            memory.Get(folder.Memory.Read().Base);
        into.Begin();
        await folder.FilesWith(withMemory).CopyToAsync(into, disks, cancellationToken);
        into.Write(withMemory ? manifest : manifest with { Memory = null });
    }

    internal async Task CompressAsync(string id, CompressionSpec spec, CancellationToken cancellationToken)
    {
        using var turn = await _turns.TakeAsync(id, cancellationToken);
        var folder = layout.Snapshot(id);
        if (!folder.IsWhole)
            throw new NodeException(NodeErrorKind.NotFound, $"This host has no snapshot {id}.");
        if (folder.Read().Memory is not null)
            memory.Compress(folder.Memory.Read().Base, spec);
    }

    internal async Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        using var turn = await _turns.TakeAsync(id, cancellationToken);
        await Task.Run(() =>
        {
            layout.Snapshot(id).Delete();
            memory.Sweep();
        }, CancellationToken.None);
    }

    internal SnapshotStatus? Find(string id)
    {
        var folder = layout.Snapshot(id);
        if (!folder.IsWhole)
            return null;
        var manifest = folder.Read();
        var compression = manifest.Memory is null ? new CompressionStatus(CompressionState.None) : memory.StatusOf(folder.Memory.Read().Base);
        return new SnapshotStatus
        {
            Compression = compression,
            Id = id,
            TakenAt = manifest.TakenAt,
            VmId = manifest.Spec.Id,
            Memory = manifest.Memory,
            SizeBytes = folder.UsedBytes + (compression.CompressedBytes ?? manifest.Memory?.BaseBytes ?? 0),
        };
    }

    internal IReadOnlyList<SnapshotStatus> List() => [.. layout.ListSnapshots().Select(FindReadable).OfType<SnapshotStatus>()];

    /// <summary>One that is damaged must not hide the others.</summary>
    private SnapshotStatus? FindReadable(string id)
    {
        try
        {
            return Find(id);
        }
        catch (NodeException e)
        {
            log.LogWarning(e, "Snapshot {Snapshot} is damaged and is not listed", id);
            return null;
        }
    }

    /// <summary>Removes what is left of snapshots that never came to be. Only before the first order.</summary>
    internal void Sweep()
    {
        foreach (var id in layout.ListSnapshots().Where(id => !layout.Snapshot(id).IsWhole))
        {
            log.LogWarning("Removing the rest of snapshot {Snapshot}, which never came to be or was being deleted", id);
            layout.Snapshot(id).Delete();
        }
    }
}

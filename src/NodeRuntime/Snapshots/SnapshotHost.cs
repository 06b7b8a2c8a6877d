using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Memory.Compression;
using Hypeman.NodeRuntime.Vms;

namespace Hypeman.NodeRuntime.Snapshots;

/// <inheritdoc cref="ISnapshotHost"/>
internal sealed class SnapshotHost(SnapshotStore store, SnapshotTransfer transfer, VmHost vms) : ISnapshotHost
{
    public async Task<SnapshotStatus> TakeAsync(string id, string vmId, long epoch, bool withMemory, CancellationToken cancellationToken)
    {
        CheckId(id);
        return await store.TakeAsync(id, folder => vms.CaptureAsync(vmId, epoch, folder, withMemory, cancellationToken), cancellationToken);
    }

    public Task CompressAsync(string id, CompressionSpec spec, CancellationToken cancellationToken)
    {
        CheckId(id);
        return store.CompressAsync(id, spec, cancellationToken);
    }

    public Task<SnapshotDescription> DescribeAsync(string id, CancellationToken cancellationToken)
    {
        CheckId(id);
        return transfer.DescribeAsync(id, cancellationToken);
    }

    public Task<ReadOnlyMemory<byte>> ReadChunkAsync(string id, string file, long chunk, CancellationToken cancellationToken)
    {
        CheckId(id);
        return transfer.ReadChunkAsync(id, file, chunk, cancellationToken);
    }

    public Task<SnapshotStatus> ReceiveAsync(string id, ISnapshotSource source, CancellationToken cancellationToken)
    {
        CheckId(id);
        return store.TakeAsync(id, folder => transfer.ReceiveAsync(folder, source, cancellationToken), cancellationToken);
    }

    public Task DeleteAsync(string id, CancellationToken cancellationToken)
    {
        CheckId(id);
        return store.DeleteAsync(id, cancellationToken);
    }

    public SnapshotStatus? Find(string id) => VmSpecRules.IsId(id) ? store.Find(id) : null;

    public IReadOnlyList<SnapshotStatus> List() => store.List();

    private static void CheckId(string id)
    {
        if (!VmSpecRules.IsId(id))
            throw new NodeException(NodeErrorKind.Invalid, $"'{id}' is no id of a snapshot. Right is: lower-case letters, digits and dashes.");
    }
}

using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>The way between simulated nodes; <paramref name="find"/> knows those that can be reached now.</summary>
public sealed class SimulatedPeers(Func<string, INode?> find) : IVmPeers, ISnapshotPeers
{
    public IVmSource Source(string nodeId, string vmId, long epoch) => new VmOfPeer(this, nodeId, vmId, epoch);

    public ISnapshotSource Source(string nodeId, string snapshotId) => new SnapshotOfPeer(this, nodeId, snapshotId);

    public Task DeleteAsync(string nodeId, string vmId, long epoch, CancellationToken cancellationToken) =>
        Reach(nodeId).Vms.DeleteAsync(vmId, epoch, cancellationToken);

    private INode Reach(string nodeId) => find(nodeId) ?? throw new IOException($"node {nodeId} is cut off");

    // A peer that dies during a call has no more to say than that its connection ended.
    private async Task<T> CallAsync<T>(string nodeId, Func<INode, Task<T>> call, CancellationToken cancellationToken)
    {
        try
        {
            return await call(Reach(nodeId));
        }
        catch (OperationCanceledException) when (!cancellationToken.IsCancellationRequested)
        {
            throw new IOException($"node {nodeId} ended the connection");
        }
    }

    private sealed class VmOfPeer(SimulatedPeers peers, string nodeId, string vmId, long epoch) : IVmSource
    {
        public string Name => $"node {nodeId}";

        public async Task<VmManifest> HandOverAsync(CancellationToken cancellationToken) =>
            await peers.CallAsync(nodeId, node => node.Vms.HandOverAsync(vmId, epoch, cancellationToken), cancellationToken);

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken) =>
            await peers.CallAsync(nodeId, node => node.Vms.ReadChunkAsync(vmId, file, chunk, cancellationToken), cancellationToken);
    }

    private sealed class SnapshotOfPeer(SimulatedPeers peers, string nodeId, string snapshotId) : ISnapshotSource
    {
        public string Name => $"node {nodeId}";

        public async Task<SnapshotDescription> DescribeAsync(CancellationToken cancellationToken) =>
            await peers.CallAsync(nodeId, node => node.Snapshots.DescribeAsync(snapshotId, cancellationToken), cancellationToken);

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken) =>
            await peers.CallAsync(nodeId, node => node.Snapshots.ReadChunkAsync(snapshotId, file, chunk, cancellationToken), cancellationToken);
    }
}

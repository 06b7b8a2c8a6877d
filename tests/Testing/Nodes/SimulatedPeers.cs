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

    private sealed class VmOfPeer(SimulatedPeers peers, string nodeId, string vmId, long epoch) : IVmSource
    {
        public string Name => $"node {nodeId}";

        public async Task<VmManifest> HandOverAsync(CancellationToken cancellationToken) =>
            await peers.Reach(nodeId).Vms.HandOverAsync(vmId, epoch, cancellationToken);

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken) =>
            await peers.Reach(nodeId).Vms.ReadChunkAsync(vmId, file, chunk, cancellationToken);
    }

    private sealed class SnapshotOfPeer(SimulatedPeers peers, string nodeId, string snapshotId) : ISnapshotSource
    {
        public string Name => $"node {nodeId}";

        public async Task<SnapshotDescription> DescribeAsync(CancellationToken cancellationToken) =>
            await peers.Reach(nodeId).Snapshots.DescribeAsync(snapshotId, cancellationToken);

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken) =>
            await peers.Reach(nodeId).Snapshots.ReadChunkAsync(snapshotId, file, chunk, cancellationToken);
    }
}

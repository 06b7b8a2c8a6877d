using Hypeman.NodeRuntime.Snapshots;
using Hypeman.Peers.Connections;
using Hypeman.Peers.Vms;

namespace Hypeman.Peers.Snapshots;

/// <summary>Snapshots on other nodes, over the peer channel.</summary>
internal sealed class SnapshotPeers(PeerDirectory directory, PeerClient client) : ISnapshotPeers
{
    public ISnapshotSource Source(string nodeId, string snapshotId) => new SnapshotSource(this, nodeId, snapshotId);

    private Task<HttpResponseMessage> GetAsync(string nodeId, string path, CancellationToken cancellationToken) =>
        VmWire.SendAsync(directory, client, HttpMethod.Get, nodeId, SnapshotEndpoints.Path + path, cancellationToken);

    private sealed class SnapshotSource(SnapshotPeers peers, string nodeId, string snapshotId) : ISnapshotSource
    {
        public string Name => $"node {nodeId}";

        public async Task<SnapshotDescription> DescribeAsync(CancellationToken cancellationToken)
        {
            using var answer = await peers.GetAsync(nodeId, snapshotId, cancellationToken);
            return await VmWire.ReadAsync<SnapshotDescription>(answer, cancellationToken);
        }

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken)
        {
            using var answer = await peers.GetAsync(nodeId, $"{snapshotId}/chunks/{chunk}?file={Uri.EscapeDataString(file)}", cancellationToken);
            return await VmWire.ReadChunkAsync(answer, cancellationToken);
        }
    }
}

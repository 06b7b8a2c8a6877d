using Hypeman.NodeRuntime.Vms;
using Hypeman.NodeRuntime.Vms.Transfer;

namespace Hypeman.Tests.Testing.Nodes;

/// <summary>The way between simulated nodes; <paramref name="find"/> knows those that can be reached now.</summary>
public sealed class SimulatedPeers(Func<string, IVmHost?> find) : IVmPeers
{
    public IVmSource Source(string nodeId, string vmId, long epoch) => new Peer(this, nodeId, vmId, epoch);

    public Task DeleteAsync(string nodeId, string vmId, long epoch, CancellationToken cancellationToken) =>
        Reach(nodeId).DeleteAsync(vmId, epoch, cancellationToken);

    private IVmHost Reach(string nodeId) => find(nodeId) ?? throw new IOException($"node {nodeId} is cut off");

    private sealed class Peer(SimulatedPeers peers, string nodeId, string vmId, long epoch) : IVmSource
    {
        public string Name => $"node {nodeId}";

        public async Task<VmManifest> HandOverAsync(CancellationToken cancellationToken) =>
            await peers.Reach(nodeId).HandOverAsync(vmId, epoch, cancellationToken);

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken) =>
            await peers.Reach(nodeId).ReadChunkAsync(vmId, file, chunk, cancellationToken);
    }
}

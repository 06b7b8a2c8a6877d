using Hypeman.NodeRuntime.Vms.Transfer;
using Hypeman.Peers.Connections;

namespace Hypeman.Peers.Vms;

/// <summary>VMs at rest on other nodes, over the peer channel.</summary>
internal sealed class VmPeers(PeerDirectory directory, PeerClient client) : IVmPeers
{
    public IVmSource Source(string nodeId, string vmId, long epoch) => new VmSource(this, nodeId, vmId, epoch);

    public async Task DeleteAsync(string nodeId, string vmId, long epoch, CancellationToken cancellationToken)
    {
        using var answer = await SendAsync(HttpMethod.Delete, nodeId, $"{vmId}?epoch={epoch}", cancellationToken);
    }

    private Task<HttpResponseMessage> SendAsync(HttpMethod method, string nodeId, string path, CancellationToken cancellationToken) =>
        VmWire.SendAsync(directory, client, method, nodeId, VmEndpoints.Path + path, cancellationToken);

    private sealed class VmSource(VmPeers peers, string nodeId, string vmId, long epoch) : IVmSource
    {
        public string Name => $"node {nodeId}";

        public async Task<VmManifest> HandOverAsync(CancellationToken cancellationToken)
        {
            using var answer = await peers.SendAsync(HttpMethod.Post, nodeId, $"{vmId}/handover?epoch={epoch}", cancellationToken);
            return await VmWire.ReadAsync<VmManifest>(answer, cancellationToken);
        }

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken)
        {
            var path = $"{vmId}/chunks/{chunk}?file={Uri.EscapeDataString(file)}";
            using var answer = await peers.SendAsync(HttpMethod.Get, nodeId, path, cancellationToken);
            return await VmWire.ReadChunkAsync(answer, cancellationToken);
        }
    }
}

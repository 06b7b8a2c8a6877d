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

    private async Task<HttpResponseMessage> SendAsync(HttpMethod method, string nodeId, string path, CancellationToken cancellationToken)
    {
        var peer = await directory.FindAsync(nodeId, cancellationToken) ?? throw new IOException($"The address of node {nodeId} is not known.");
        using var request = PeerClient.Request(method, peer, VmEndpoints.Path + path);
        var answer = await client.SendAsync(request, cancellationToken);
        try
        {
            await VmWire.RequireAsync(answer, cancellationToken);
            return answer;
        }
        catch
        {
            answer.Dispose();
            throw;
        }
    }

    private sealed class VmSource(VmPeers peers, string nodeId, string vmId, long epoch) : IVmSource
    {
        public string Name => $"node {nodeId}";

        public async Task<VmManifest> HandOverAsync(CancellationToken cancellationToken)
        {
            using var answer = await peers.SendAsync(HttpMethod.Post, nodeId, $"{vmId}/handover?epoch={epoch}", cancellationToken);
            return await VmWire.ReadManifestAsync(answer, cancellationToken);
        }

        public async Task<ReadOnlyMemory<byte>> ReadChunkAsync(string file, long chunk, CancellationToken cancellationToken)
        {
            var path = $"{vmId}/chunks/{chunk}?file={Uri.EscapeDataString(file)}";
            using var answer = await peers.SendAsync(HttpMethod.Get, nodeId, path, cancellationToken);
            return await VmWire.ReadChunkAsync(answer, cancellationToken);
        }
    }
}

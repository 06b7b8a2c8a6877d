using System.Net;
using System.Net.Http.Headers;
using System.Runtime.CompilerServices;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.Peers.Connections;
using Microsoft.Extensions.Options;

namespace Hypeman.Peers.Blobs;

/// <summary>
/// Finds the nodes that hold a blob: first those that, as the index knows, have the image or run instances of it; then
/// those that pushes to its repository go to, as what was pushed a moment ago is in no row yet.
/// </summary>
internal sealed class BlobPeers(PeerDirectory directory, PeerClient client, IResourceIndex index, IOptions<PeerOptions> options) : IBlobPeers
{
    public async IAsyncEnumerable<IBlobPeer> FindAsync(BlobWish wish, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var asked = new HashSet<string> { options.Value.NodeId };
        foreach (var kind in new[] { ResourceKind.Image, ResourceKind.Instance })
            await foreach (var row in index.ListAsync(new ResourceQuery(kind) { Parent = wish.Image.ToString() }, cancellationToken))
            {
                if (asked.Count > Limits.KnownHolders)
                    break;
                if (HolderOf(row) is { } home && asked.Add(home) && await directory.FindAsync(home, cancellationToken) is { } holder)
                    yield return new BlobPeer(holder, this);
            }
        var likely = Rendezvous.Order(directory.Reachable, wish.Repository, peer => peer.NodeId)
            .Where(peer => !asked.Contains(peer.NodeId)).Take(Limits.LikelyHolders).ToList();
        foreach (var peer in likely)
            yield return new BlobPeer(peer, this);
    }

    // An instance that moves has its image where it comes from, not yet where it lives.
    private static string? HolderOf(ResourceRow row) =>
        row.Kind == ResourceKind.Instance && ResourceSummary.Read<InstanceInfo>(row).MovedFrom is { } source ? source : row.Home;

    private async Task<Stream?> OpenAsync(Peer peer, Digest blob, long offset, CancellationToken cancellationToken)
    {
        using var request = PeerClient.Request(HttpMethod.Get, peer, BlobEndpoints.Path + blob);
        if (offset > 0)
            request.Headers.Range = new RangeHeaderValue(offset, null);
        HttpResponseMessage answer;
        try
        {
            answer = await client.SendAsync(request, cancellationToken);
        }
        catch (IOException)
        {
            directory.Avoid(peer);
            throw;
        }
        var isAsAsked = answer.StatusCode == (offset == 0 ? HttpStatusCode.OK : HttpStatusCode.PartialContent)
            && (offset == 0 || answer.Content.Headers.ContentRange?.From == offset);
        if (isAsAsked)
            return await answer.Content.ReadAsStreamAsync(cancellationToken);
        using (answer)
            return answer.StatusCode == HttpStatusCode.NotFound
                ? null
                : throw new IOException($"Node {peer.NodeId} answers {(int)answer.StatusCode} for {blob} from byte {offset}");
    }

    private sealed class BlobPeer(Peer peer, BlobPeers peers) : IBlobPeer
    {
        public string Name => $"node {peer.NodeId}";

        public Task<Stream?> OpenAsync(Digest blob, long offset, CancellationToken cancellationToken) =>
            peers.OpenAsync(peer, blob, offset, cancellationToken);
    }
}

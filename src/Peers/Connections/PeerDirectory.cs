using System.Collections.Concurrent;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace Hypeman.Peers.Connections;

/// <summary>
/// Where all nodes of the fleet are, in memory: traffic between hosts must not stop when the index does. Remembers for
/// a while who could not be reached.
/// </summary>
public sealed class PeerDirectory(IResourceIndex index, TimeProvider time, ILogger<PeerDirectory> logger) : BackgroundService
{
    private readonly ConcurrentDictionary<string, Peer> _peers = new();
    private readonly ConcurrentDictionary<string, DateTimeOffset> _avoided = new();

    /// <summary>Nodes that can be reached as far as is known.</summary>
    public IEnumerable<Peer> Reachable => _peers.Values.Where(peer => !IsAvoided(peer));

    /// <summary>A node that was just made is looked for in the index itself. Null: there is none, or no way to it.</summary>
    public async Task<Peer?> FindAsync(string nodeId, CancellationToken cancellationToken) =>
        _peers.TryGetValue(nodeId, out var known) ? known
        : await index.GetAsync(ResourceKind.Node, nodeId, cancellationToken) is { } row ? Read(row)
        : null;

    /// <summary>It could not be reached just now.</summary>
    public void Avoid(Peer peer) => _avoided[peer.NodeId] = time.GetUtcNow() + Limits.Avoid;

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        while (!stoppingToken.IsCancellationRequested)
        {
            try
            {
                await FollowAsync(stoppingToken);
            }
            catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
            {
                return;
            }
            catch (Exception e)
            {
                logger.LogWarning(e, "The nodes of the index cannot be watched; their addresses stay as they are until they can");
            }
            await Task.Delay(Limits.WatchRetry, time, stoppingToken).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        }
    }

    private async Task FollowAsync(CancellationToken cancellationToken)
    {
        var seen = new HashSet<string>();
        await foreach (var change in index.WatchAsync([ResourceKind.Node], cancellationToken))
        {
            if (change.Id is not { } id)
            {
                foreach (var gone in _peers.Keys.Except(seen))
                    _peers.TryRemove(gone, out _);
                continue;
            }
            seen.Add(id);
            if (change.Row is { } row && Read(row) is { } peer)
                _peers[id] = peer;
            else
                _peers.TryRemove(id, out _);
        }
    }

    private bool IsAvoided(Peer peer)
    {
        if (!_avoided.TryGetValue(peer.NodeId, out var until))
            return false;
        if (until > time.GetUtcNow())
            return true;
        _avoided.TryRemove(peer.NodeId, out _);
        return false;
    }

    private Peer? Read(ResourceRow row)
    {
        try
        {
            return Peer.From(row.Id, ResourceSummary.Read<NodeInfo>(row).PeerAddress);
        }
        catch (System.Text.Json.JsonException e)
        {
            logger.LogError(e, "The row of node {Node} cannot be read", row.Id);
            return null;
        }
    }
}

using Hypeman.Ingress.Forwarding;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.Peers.Instances;

namespace Hypeman.Silo.Adapters;

/// <summary>
/// The ingress' way to instances: straight into the network namespace of a node of this process, else over the peer
/// channel to the node they live on.
/// </summary>
internal sealed class NodeConnector(IEnumerable<INode> nodes, InstancePeers? peers = null) : IInstanceConnector
{
    public Task<Stream> ConnectAsync(string instanceId, string home, int port, CancellationToken cancellationToken)
    {
        if (nodes.FirstOrDefault(node => node.Facts.NodeId == home) is { } node)
            return ConnectHereAsync(node, instanceId, port, cancellationToken);
        return peers?.ConnectAsync(instanceId, home, port, cancellationToken)
            ?? throw new IOException($"Instance {instanceId} lives on node {home}; without a cluster identity there is no way to it.");
    }

    private static async Task<Stream> ConnectHereAsync(INode node, string instanceId, int port, CancellationToken cancellationToken)
    {
        try
        {
            return await node.Vms.ConnectAsync(instanceId, port, cancellationToken);
        }
        catch (NodeException e) when (e.Kind == NodeErrorKind.TimedOut)
        {
            throw new TimeoutException(e.Message, e);
        }
        catch (NodeException e)
        {
            throw new IOException(e.Message, e);
        }
    }
}

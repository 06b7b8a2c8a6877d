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
    public async Task<Stream> ConnectAsync(
        string instanceId, string home, int port, bool keepsAwake, CancellationToken cancellationToken)
    {
        try
        {
            return nodes.FirstOrDefault(node => node.Facts.NodeId == home) is { } here
                ? await here.Vms.ConnectAsync(instanceId, port, keepsAwake, cancellationToken)
                : await (peers ?? throw NoWay(instanceId, home)).ConnectAsync(instanceId, home, port, keepsAwake, cancellationToken);
        }
        catch (NodeException e) when (e.Kind is NodeErrorKind.WrongPhase or NodeErrorKind.NotFound)
        {
            throw new InstanceElsewhereException(e.Message);
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

    private static IOException NoWay(string instanceId, string home) =>
        new($"Instance {instanceId} lives on node {home}; without a cluster identity there is no way to it.");
}

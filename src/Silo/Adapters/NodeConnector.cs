using Hypeman.Ingress.Forwarding;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;

namespace Hypeman.Silo.Adapters;

/// <summary>The ingress' way to instances of this process' own node: straight into its network namespace.</summary>
internal sealed class NodeConnector(IServiceProvider services) : IInstanceConnector
{
    private readonly INode? _node = services.GetService<INode>();

    public async Task<Stream> ConnectAsync(string instanceId, string home, int port, CancellationToken cancellationToken)
    {
        if (_node is null || home != _node.Facts.NodeId)
            throw new IOException($"Instance {instanceId} lives on node {home}, which this process has no way to.");
        try
        {
            return await _node.Vms.ConnectAsync(instanceId, port, cancellationToken);
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

using Hypeman.NodeRuntime.Nodes;
using Hypeman.Silo.Configuration;

namespace Hypeman.Silo.Server;

/// <summary>The real node: this host.</summary>
internal static class HostNode
{
    public static Task<INode> OpenAsync(NodeSetup setup) =>
        throw new StartupException("this build has no node runtime");

    public static Task RemoveAllAsync(HypemanOptions options, CancellationToken cancellationToken) =>
        throw new StartupException("this build has no node runtime");
}

using Hypeman.NodeRuntime.Images;
using Hypeman.NodeRuntime.Images.Peers;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.NodeRuntime.Vms;
using Hypeman.Silo.Server;
using Hypeman.Tests.Testing.Nodes;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;

namespace Hypeman.Tests.Silo.Fleet;

/// <summary>A node whose images are real and whose VMs are simulated.</summary>
internal sealed class BlobNode : INode, IAsyncDisposable
{
    private readonly SimulatedNode _simulated;

    public BlobNode(NodeSetup setup, IServiceProvider services)
    {
        _simulated = new SimulatedNode(setup.Claim.NodeId);
        Images = new ImageHost(
            setup.Claim.Layout, Options.Create(new ImageOptions { MinFreeBytes = 0, Platform = "linux/amd64" }), TimeProvider.System,
            services.GetRequiredService<ILoggerFactory>(), services.GetService<IBlobPeers>());
    }

    public ImageHost Images { get; }

    public NodeFacts Facts => _simulated.Facts;

    public IVmHost Vms => _simulated.Vms;

    public ISnapshotHost Snapshots => _simulated.Snapshots;

    IImageHost INode.Images => Images;

    public async ValueTask DisposeAsync()
    {
        await Images.DisposeAsync();
        _simulated.Dispose();
    }
}

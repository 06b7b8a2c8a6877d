using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Options;

namespace Hypeman.Grains.Nodes;

/// <summary>Writes the nodes of this silo into the index before it takes calls, so that instances can be placed on them.</summary>
internal sealed class NodeRegistration(
    LocalNodes local, IResourceIndex index, IOptions<NodeAddressOptions> address, GrainClock clock) : ILifecycleParticipant<ISiloLifecycle>
{
    public void Participate(ISiloLifecycle lifecycle) => lifecycle.Subscribe(
        nameof(NodeRegistration), ServiceLifecycleStage.ApplicationServices, RegisterAllAsync);

    private async Task RegisterAllAsync(CancellationToken cancellationToken)
    {
        foreach (var node in local.All)
            await RegisterAsync(node.Facts, cancellationToken);
    }

    private async Task RegisterAsync(NodeFacts facts, CancellationToken cancellationToken)
    {
        var present = await index.GetAsync(ResourceKind.Node, facts.NodeId, cancellationToken);
        var row = ToRow(facts, (present?.Version ?? 0) + 1, present?.CreatedAt ?? clock.Now);
        if (present is null)
            await index.InsertAsync(row, [row.Id], cancellationToken);
        else
            await index.UpdateAsync(row, cancellationToken);
    }

    private ResourceRow ToRow(NodeFacts facts, long version, DateTimeOffset createdAt) => new()
    {
        Kind = ResourceKind.Node,
        Id = facts.NodeId,
        Name = facts.NodeId,
        Home = facts.NodeId,
        State = "Registered",
        Summary = ResourceSummary.Write(new NodeInfo
        {
            Id = facts.NodeId,
            Hostname = facts.Hostname,
            Version = typeof(NodeRegistration).Assembly.GetName().Version!.ToString(3),
            Hypervisors = facts.Hypervisors,
            Accelerator = facts.Accelerator,
            Platform = facts.Platform,
            Cpus = facts.Cpus,
            MemoryBytes = facts.MemoryBytes,
            DiskBytes = facts.DiskBytes,
            PeerAddress = address.Value.PeerAddress,
        }),
        Version = version,
        CreatedAt = createdAt,
    };
}

using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;
using Hypeman.Grains.Records;
using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Microsoft.Extensions.Options;

namespace Hypeman.Grains.Nodes;

/// <summary>Writes the nodes of this silo into the index before it takes calls, so that instances can be placed on them.</summary>
internal sealed class NodeRegistration(
    LocalNodes local, IResourceIndex index, NodeHolders holders, IOptions<NodeAddressOptions> address, GrainClock clock) : ILifecycleParticipant<ISiloLifecycle>
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
        var before = present is null ? null : ResourceSummary.Read<NodeInfo>(present);
        if (before?.RemovedAt is { } removedAt)
            throw new NodeException(
                NodeErrorKind.Invalid,
                $"node {facts.NodeId} was removed from the fleet on {removedAt:u} and cannot come back under this id: end what it "
                + "still runs with 'hypeman-silo down', then start with an empty data directory");
        await holders.RequireFreeAsync(facts.NodeId);
        var info = ToInfo(facts) with { Admission = before?.Admission ?? NodeAdmission.Ready, Drain = before?.Drain };
        var row = NodeRows.Of(info, (present?.Version ?? 0) + 1, present?.CreatedAt ?? clock.Now);
        if (present is null)
            await index.InsertAsync(row, [row.Id], cancellationToken);
        else if (!await index.UpdateAsync(row, cancellationToken))
            // It was cordoned just now; that must not be lost.
            await RegisterAsync(facts, cancellationToken);
    }

    private NodeInfo ToInfo(NodeFacts facts) => new()
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
        Labels = facts.Labels,
    };
}

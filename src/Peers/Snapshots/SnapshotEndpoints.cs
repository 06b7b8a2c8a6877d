using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Snapshots;
using Hypeman.Peers.Vms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hypeman.Peers.Snapshots;

/// <summary>
/// Snapshots, for hosts that are to have copies: <c>GET /peer/snapshots/{id}</c> describes one, <c>GET
/// /peer/snapshots/{id}/chunks/{chunk}?file=</c> is a piece of a file.
/// </summary>
internal sealed class SnapshotEndpoints(IEnumerable<INode> nodes) : IPeerEndpoints
{
    public const string Path = "/peer/snapshots/";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapGet(Path + "{id}", (HttpContext context, string id) => VmWire.AnswerAsync(context, async () =>
            await VmWire.WriteAsync(context, await Snapshots(id).DescribeAsync(id, context.RequestAborted))));
        routes.MapGet(Path + "{id}/chunks/{chunk:long}", (HttpContext context, string id, long chunk, string file) =>
            VmWire.AnswerAsync(context, async () =>
                await VmWire.WriteAsync(context, await Snapshots(id).ReadChunkAsync(id, file, chunk, context.RequestAborted))));
    }

    private ISnapshotHost Snapshots(string id) => nodes.FirstOrDefault(node => node.Snapshots.Find(id) is not null)?.Snapshots
        ?? throw new NodeException(NodeErrorKind.NotFound, $"This host has no snapshot {id}.");
}

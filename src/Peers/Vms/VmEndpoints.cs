using Hypeman.NodeRuntime.Errors;
using Hypeman.NodeRuntime.Nodes;
using Hypeman.NodeRuntime.Vms;
using Microsoft.AspNetCore.Builder;
using Microsoft.AspNetCore.Http;
using Microsoft.AspNetCore.Routing;

namespace Hypeman.Peers.Vms;

/// <summary>
/// VMs at rest, for the host that they move to: <c>POST /peer/vms/{id}/handover?epoch=</c> describes one and has it obey the
/// new owner alone, <c>GET /peer/vms/{id}/chunks/{chunk}?file=</c> is a piece of a file, <c>DELETE /peer/vms/{id}?epoch=</c>
/// removes what is here when it has arrived there.
/// </summary>
internal sealed class VmEndpoints(IEnumerable<INode> nodes) : IPeerEndpoints
{
    public const string Path = "/peer/vms/";

    public void Map(IEndpointRouteBuilder routes)
    {
        routes.MapPost(Path + "{id}/handover", (HttpContext context, string id, long epoch) => VmWire.AnswerAsync(context, async () =>
            await VmWire.WriteAsync(context, await Vms(id).HandOverAsync(id, epoch, context.RequestAborted))));
        routes.MapGet(Path + "{id}/chunks/{chunk:long}", (HttpContext context, string id, long chunk, string file) =>
            VmWire.AnswerAsync(context, async () =>
                await VmWire.WriteAsync(context, await Vms(id).ReadChunkAsync(id, file, chunk, context.RequestAborted))));
        routes.MapDelete(Path + "{id}", (HttpContext context, string id, long epoch) => VmWire.AnswerAsync(context, async () =>
        {
            foreach (var node in nodes)
                await node.Vms.DeleteAsync(id, epoch, context.RequestAborted);
            context.Response.StatusCode = StatusCodes.Status204NoContent;
        }));
    }

    private IVmHost Vms(string id) => nodes.FirstOrDefault(node => node.Vms.Find(id) is not null)?.Vms
        ?? throw new NodeException(NodeErrorKind.NotFound, $"This host has no VM {id}.");
}

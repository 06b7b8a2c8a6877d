using Hypeman.Contracts;
using Hypeman.Contracts.Nodes;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Nodes;

/// <summary>The emptying of a node. An extension of ours, as nodes are.</summary>
internal static class DrainEndpoints
{
    public static void MapDrains(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/nodes/{id}/drain", BeginAsync).WithName("drainNode");
        routes.MapDelete("/nodes/{id}/drain", CancelAsync).WithName("cancelDrain");
    }

    private static async Task<IResult> BeginAsync(string id, HttpRequest request, IGrainFactory grains)
    {
        var wish = await RequestBody.ReadAsync(request, DrainRequest.Read, optional: true);
        var node = await FindAsync(grains, id);
        return wish.Plan
            ? TypedResults.Json(DrainPlanResponse.From(await node.PlanDrainAsync(wish.Running)), WireJson.Api.DrainPlanResponse)
            : Accepted(await node.DrainAsync(wish.Running));
    }

    private static async Task<JsonHttpResult<DrainResponse>> CancelAsync(string id, IGrainFactory grains) =>
        Accepted(await (await FindAsync(grains, id)).CancelDrainAsync());

    private static async Task<INodeGrain> FindAsync(IGrainFactory grains, string id) =>
        grains.Node((await grains.NodeCatalog().GetAsync(id)).Info.Id);

    private static JsonHttpResult<DrainResponse> Accepted(NodeDrain drain) =>
        TypedResults.Json(DrainResponse.From(drain), WireJson.Api.DrainResponse, statusCode: StatusCodes.Status202Accepted);
}

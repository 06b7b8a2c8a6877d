using Hypeman.Contracts;
using Hypeman.Contracts.Nodes;
using Hypeman.Gateway.Errors;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Nodes;

/// <summary>Nodes: the hosts of the fleet. An extension of ours.</summary>
internal static class NodeEndpoints
{
    private static readonly string[] States =
        [.. Enum.GetNames<NodeCondition>().Select(name => name.ToLowerInvariant())];

    public static void MapNodes(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/nodes", ListAsync).WithName("listNodes");
        routes.MapGet("/nodes/{id}", GetAsync).WithName("getNode");
        routes.MapDelete("/nodes/{id}", RemoveAsync).WithName("removeNode");
        routes.MapPost("/nodes/{id}/cordon", CordonAsync).WithName("cordonNode");
        routes.MapPost("/nodes/{id}/uncordon", UncordonAsync).WithName("uncordonNode");
    }

    private static async Task<JsonHttpResult<List<NodeResponse>>> ListAsync(HttpRequest request, IGrainFactory grains, TimeProvider clock)
    {
        var (state, labels) = Filter(request.Query);
        var nodes = await grains.NodeCatalog().ListAsync();
        var now = clock.GetUtcNow();
        var shown = nodes.Where(node => Shows(node, state)
            && labels.All(label => node.Info.Labels.GetValueOrDefault(label.Key) == label.Value));
        return TypedResults.Json(shown.Select(node => NodeResponse.From(node, now)).ToList(), WireJson.Api.ListNodeResponse);
    }

    private static Task<JsonHttpResult<NodeResponse>> GetAsync(string id, IGrainFactory grains, TimeProvider clock) =>
        AnswerAsync(grains, clock, id);

    private static Task<JsonHttpResult<NodeResponse>> CordonAsync(string id, IGrainFactory grains, TimeProvider clock) =>
        ChangeAsync(grains, clock, id, node => node.CordonAsync(), NodeAdmission.Cordoned);

    private static Task<JsonHttpResult<NodeResponse>> UncordonAsync(string id, IGrainFactory grains, TimeProvider clock) =>
        ChangeAsync(grains, clock, id, node => node.UncordonAsync(), NodeAdmission.Ready);

    private static async Task<NoContent> RemoveAsync(string id, IGrainFactory grains)
    {
        var node = await grains.NodeCatalog().GetAsync(id);
        await grains.Node(node.Info.Id).RemoveAsync();
        return TypedResults.NoContent();
    }

    // What the catalog shows follows the index a moment later; the answer must not show the state before.
    private static async Task<JsonHttpResult<NodeResponse>> ChangeAsync(
        IGrainFactory grains, TimeProvider clock, string id, Func<INodeGrain, Task> change, NodeAdmission wanted)
    {
        var node = await grains.NodeCatalog().GetAsync(id);
        await change(grains.Node(node.Info.Id));
        var (condition, drain) = (node.Condition, wanted) switch
        {
            // One that is being drained is more than cordoned.
            (NodeCondition.Unreachable, _) or (NodeCondition.Draining, NodeAdmission.Cordoned) => (node.Condition, node.Info.Drain),
            (_, NodeAdmission.Cordoned) => (NodeCondition.Cordoned, node.Info.Drain),
            _ => (NodeCondition.Ready, null),
        };
        return Answer(node with { Condition = condition, Info = node.Info with { Drain = drain } }, clock);
    }

    private static async Task<JsonHttpResult<NodeResponse>> AnswerAsync(IGrainFactory grains, TimeProvider clock, string id) =>
        Answer(await grains.NodeCatalog().GetAsync(id), clock);

    private static JsonHttpResult<NodeResponse> Answer(NodeView node, TimeProvider clock) =>
        TypedResults.Json(NodeResponse.From(node, clock.GetUtcNow()), WireJson.Api.NodeResponse);

    // Removed ones are kept so that they are refused; who wants to see them asks for them.
    private static bool Shows(NodeView node, string? state) =>
        state is null ? node.Condition != NodeCondition.Removed : NodeResponse.StateOf(node) == state;

    private static (string? State, IReadOnlyDictionary<string, string> Labels) Filter(IQueryCollection query)
    {
        var problems = new Problems();
        var state = query["state"].Count > 0 ? query["state"].ToString() : null;
        if (state is not null && !States.Contains(state))
            problems.AddSchema("state", $"must be one of {string.Join(", ", States)}, but is \"{state}\"");
        problems.ThrowIfAny();
        return (state, Pairs.FromQuery(query, "labels"));
    }
}

using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Ingresses;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Ingresses;

/// <summary>Ingresses: which hostname leads to which instance.</summary>
internal static class IngressEndpoints
{
    public static void MapIngresses(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/ingresses", CreateAsync).WithName("createIngress");
        routes.MapGet("/ingresses", ListAsync).WithName("listIngresses");
        routes.MapGet("/ingresses/{id}", GetAsync).WithName("getIngress");
        routes.MapDelete("/ingresses/{id}", DeleteAsync).WithName("deleteIngress");
    }

    private static async Task<JsonHttpResult<IngressResponse>> CreateAsync(HttpRequest request, IGrainFactory grains)
    {
        var spec = await RequestBody.ReadAsync(request, CreateIngressRequest.Read);
        var info = await grains.Ingress(ResourceId.New()).CreateAsync(spec);
        return Answer(info, StatusCodes.Status201Created);
    }

    private static async Task<JsonHttpResult<IAsyncEnumerable<IngressResponse>>> ListAsync(
        HttpRequest request, ResourceLookup lookup, CancellationToken cancellationToken)
    {
        var query = new ResourceQuery(ResourceKind.Ingress) { Tags = Tags.FromQuery(request.Query) };
        var responses = lookup.ListAsync<IngressInfo>(query, cancellationToken).Select(IngressResponse.From);
        return TypedResults.Json(await responses.BegunAsync(cancellationToken), WireJson.Api.IAsyncEnumerableIngressResponse);
    }

    private static async Task<JsonHttpResult<IngressResponse>> GetAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Ingress, id, cancellationToken);
        return Answer(await grains.Ingress(found).GetAsync());
    }

    private static async Task<NoContent> DeleteAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Ingress, id, cancellationToken);
        await grains.Ingress(found).DeleteAsync();
        return TypedResults.NoContent();
    }

    private static JsonHttpResult<IngressResponse> Answer(IngressInfo info, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(IngressResponse.From(info), WireJson.Api.IngressResponse, statusCode: status);
}

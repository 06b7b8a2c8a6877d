using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Health;

/// <summary>Whether the API answers, what it can do, and its description.</summary>
internal static class HealthEndpoints
{
    private const string YamlType = "application/vnd.oai.openapi";
    private const string JsonType = "application/json";

    public static void MapHealth(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/health", Health).WithName("getHealth");
        routes.MapGet("/capabilities", CapabilitiesAsync).WithName("getCapabilities");
        routes.MapGet("/spec.yaml", () => TypedResults.Text(ApiDescription.Yaml, YamlType)).WithName("getSpecYaml");
        routes.MapGet("/spec.json", () => TypedResults.Text(ApiDescription.Json, JsonType)).WithName("getSpecJson");
    }

    private static JsonHttpResult<HealthResponse> Health(IFleetLink link) =>
        link.IsUp ? TypedResults.Json(new HealthResponse("ok"), WireJson.Api.HealthResponse) : throw FleetGate.Closed();

    private static async Task<JsonHttpResult<CapabilitiesResponse>> CapabilitiesAsync(
        Requests.ResourceLookup lookup, CancellationToken cancellationToken)
    {
        var query = new Contracts.Index.ResourceQuery(Contracts.Index.ResourceKind.Node);
        var nodes = await lookup.ListAsync<Contracts.Nodes.NodeInfo>(query, cancellationToken).ToListAsync(cancellationToken);
        return TypedResults.Json(CapabilitiesResponse.From(nodes), WireJson.Api.CapabilitiesResponse);
    }
}

internal sealed record HealthResponse(string Status);

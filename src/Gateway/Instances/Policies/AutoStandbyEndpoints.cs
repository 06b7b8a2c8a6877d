using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Instances.Policies;

/// <summary>Whether an instance is about to be put to sleep by itself, and keeping it awake.</summary>
internal static class AutoStandbyEndpoints
{
    public static void MapAutoStandby(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/instances/{id}/auto-standby/status", StatusAsync).WithName("getAutoStandbyStatus");
        routes.MapPost("/instances/{id}/auto-standby/hold", HoldAsync).WithName("holdAutoStandby");
    }

    private static async Task<JsonHttpResult<AutoStandbyStatusResponse>> StatusAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, TimeProvider clock, CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await grains.Instance(found).AutoStandbyAsync(), clock);
    }

    private static async Task<JsonHttpResult<AutoStandbyStatusResponse>> HoldAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, TimeProvider clock, CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await grains.Instance(found).HoldAsync(), clock);
    }

    private static JsonHttpResult<AutoStandbyStatusResponse> Answer(AutoStandbyStatus status, TimeProvider clock) =>
        TypedResults.Json(AutoStandbyStatusResponse.From(status, clock.GetUtcNow()), WireJson.Api.AutoStandbyStatusResponse);
}

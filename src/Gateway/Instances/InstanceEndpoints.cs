using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Instances.Policies;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Instances;

/// <summary>Instances: making, listing, starting, stopping and deleting them.</summary>
internal static class InstanceEndpoints
{
    public static void MapInstances(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/instances", CreateAsync).WithName("createInstance");
        routes.MapGet("/instances", ListAsync).WithName("listInstances");
        routes.MapGet("/instances/{id}", GetAsync).WithName("getInstance");
        routes.MapPatch("/instances/{id}", UpdateAsync).WithName("updateInstance");
        routes.MapDelete("/instances/{id}", DeleteAsync).WithName("deleteInstance");
        routes.MapPost("/instances/{id}/start", StartAsync).WithName("startInstance");
        routes.MapPost("/instances/{id}/stop", StopAsync).WithName("stopInstance");
        routes.MapPost("/instances/{id}/standby", StandbyAsync).WithName("standbyInstance");
        routes.MapPost("/instances/{id}/restore", RestoreAsync).WithName("restoreInstance");
        routes.MapPost("/instances/{id}/fork", ForkAsync).WithName("forkInstance");
        routes.MapPost("/instances/{id}/move", MoveAsync).WithName("moveInstance");
        routes.MapGet("/instances/{id}/wait", WaitAsync).WithName("waitForInstanceState");
        routes.MapGet("/instances/{id}/stat", StatAsync).WithName("statInstancePath");
        routes.MapGet("/instances/{id}/stats", StatsAsync).WithName("getInstanceStats");
    }

    private static async Task<JsonHttpResult<InstanceResponse>> CreateAsync(
        HttpRequest request, InstanceOperations operations, TimeProvider clock, CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, CreateInstanceRequest.Read);
        var info = await operations.CreateAsync(spec, cancellationToken);
        return Answer(info, clock, StatusCodes.Status201Created);
    }

    private static async Task<JsonHttpResult<IAsyncEnumerable<InstanceResponse>>> ListAsync(
        HttpRequest request, InstanceList list, TimeProvider clock, CancellationToken cancellationToken)
    {
        var query = InstanceQueries.List(request.Query);
        var now = clock.GetUtcNow();
        var responses = list.ReadAsync(query, cancellationToken).Select(info => InstanceResponse.From(info, now));
        return TypedResults.Json(await responses.BegunAsync(cancellationToken), WireJson.Api.IAsyncEnumerableInstanceResponse);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> GetAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, TimeProvider clock, CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await grains.Instance(found).GetAsync(), clock);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> UpdateAsync(
        string id, HttpRequest request, ResourceLookup lookup, IGrainFactory grains, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var update = await RequestBody.ReadAsync(request, UpdateInstanceRequest.Read);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await grains.Instance(found).UpdateAsync(update), clock);
    }

    private static async Task<Results<NoContent, JsonHttpResult<InstanceResponse>>> DeleteAsync(
        string id, HttpRequest request, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var graceful = InstanceQueries.Delete(request.Query);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return await operations.DeleteAsync(found, graceful, cancellationToken) is { } later
            ? Answer(later, clock, StatusCodes.Status202Accepted)
            : TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<InstanceResponse>> StartAsync(
        string id, HttpRequest request, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, StartInstanceRequest.Read, optional: true);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.StartAsync(found, spec, cancellationToken), clock);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> StopAsync(
        string id, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.StopAsync(found, cancellationToken), clock);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> StandbyAsync(
        string id, HttpRequest request, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, StandbyInstanceRequest.Read, optional: true);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.StandbyAsync(found, spec, cancellationToken), clock);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> RestoreAsync(
        string id, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.RestoreAsync(found, cancellationToken), clock);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> ForkAsync(
        string id, HttpRequest request, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, ForkInstanceRequest.Read);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.ForkAsync(found, spec, cancellationToken), clock, StatusCodes.Status201Created);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> MoveAsync(
        string id, HttpRequest request, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, MoveInstanceRequest.Read, optional: true);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.MoveAsync(found, spec, cancellationToken), clock);
    }

    private static async Task<JsonHttpResult<WaitForStateResponse>> WaitAsync(
        string id, HttpRequest request, ResourceLookup lookup, InstanceWait wait, CancellationToken cancellationToken)
    {
        var query = WaitQuery.Read(request.Query);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        var response = await wait.ForAsync(found, query, cancellationToken);
        return TypedResults.Json(response, WireJson.Api.WaitForStateResponse);
    }

    private static async Task<JsonHttpResult<PathInfoResponse>> StatAsync(
        string id, HttpRequest request, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var (path, followLinks) = InstanceQueries.Stat(request.Query);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        var info = await grains.Instance(found).StatAsync(path, followLinks);
        return TypedResults.Json(PathInfoResponse.From(info), WireJson.Api.PathInfoResponse);
    }

    private static async Task<JsonHttpResult<InstanceStatsResponse>> StatsAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        var stats = await grains.Instance(found).StatsAsync();
        return TypedResults.Json(InstanceStatsResponse.From(stats), WireJson.Api.InstanceStatsResponse);
    }

    private static JsonHttpResult<InstanceResponse> Answer(
        InstanceInfo info, TimeProvider clock, int status = StatusCodes.Status200OK) =>
        TypedResults.Json(
            InstanceResponse.From(info, clock.GetUtcNow()), WireJson.Api.InstanceResponse, statusCode: status);
}

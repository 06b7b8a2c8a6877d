using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Instances;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Snapshots;

/// <summary>Snapshots: taking, listing and deleting them, going back to one, making instances from one. By their ids alone.</summary>
internal static class SnapshotEndpoints
{
    public static void MapSnapshots(this IEndpointRouteBuilder routes)
    {
        routes.MapPost("/instances/{id}/snapshots", CreateAsync).WithName("createInstanceSnapshot");
        routes.MapPost("/instances/{id}/snapshots/{snapshotId}/restore", RestoreAsync).WithName("restoreInstanceSnapshot");
        routes.MapGet("/snapshots", ListAsync).WithName("listSnapshots");
        routes.MapGet("/snapshots/{snapshotId}", GetAsync).WithName("getSnapshot");
        routes.MapDelete("/snapshots/{snapshotId}", DeleteAsync).WithName("deleteSnapshot");
        routes.MapPost("/snapshots/{snapshotId}/fork", ForkAsync).WithName("forkSnapshot");
    }

    private static async Task<JsonHttpResult<SnapshotResponse>> CreateAsync(
        string id, HttpRequest request, ResourceLookup lookup, SnapshotOperations operations, CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, CreateSnapshotRequest.Read);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.TakeAsync(found, spec, cancellationToken), StatusCodes.Status201Created);
    }

    private static async Task<JsonHttpResult<InstanceResponse>> RestoreAsync(
        string id, string snapshotId, HttpRequest request, ResourceLookup lookup, InstanceOperations operations, TimeProvider clock,
        CancellationToken cancellationToken)
    {
        var wish = await RequestBody.ReadAsync(request, UseSnapshotRequest.ReadRestore, optional: true);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await operations.RevertAsync(found, snapshotId, wish, cancellationToken), clock, StatusCodes.Status200OK);
    }

    private static async Task<JsonHttpResult<IAsyncEnumerable<SnapshotResponse>>> ListAsync(
        HttpRequest request, ResourceLookup lookup, CancellationToken cancellationToken)
    {
        var (query, fits) = SnapshotQueries.List(request.Query);
        var responses = lookup.ListAsync<SnapshotInfo>(query, cancellationToken).Where(fits).Select(SnapshotResponse.From);
        return TypedResults.Json(await responses.BegunAsync(cancellationToken), WireJson.Api.IAsyncEnumerableSnapshotResponse);
    }

    private static async Task<JsonHttpResult<SnapshotResponse>> GetAsync(string snapshotId, IGrainFactory grains) =>
        Answer(await grains.Snapshot(snapshotId).GetAsync(), StatusCodes.Status200OK);

    private static async Task<NoContent> DeleteAsync(string snapshotId, SnapshotOperations operations, CancellationToken cancellationToken)
    {
        await operations.DeleteAsync(snapshotId, cancellationToken);
        return TypedResults.NoContent();
    }

    private static async Task<JsonHttpResult<InstanceResponse>> ForkAsync(
        string snapshotId, HttpRequest request, InstanceOperations operations, TimeProvider clock, CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, UseSnapshotRequest.ReadFork);
        return Answer(await operations.ForkSnapshotAsync(snapshotId, spec, cancellationToken), clock, StatusCodes.Status201Created);
    }

    private static JsonHttpResult<SnapshotResponse> Answer(SnapshotInfo info, int status) =>
        TypedResults.Json(SnapshotResponse.From(info), WireJson.Api.SnapshotResponse, statusCode: status);

    private static JsonHttpResult<InstanceResponse> Answer(InstanceInfo info, TimeProvider clock, int status) =>
        TypedResults.Json(InstanceResponse.From(info, clock.GetUtcNow()), WireJson.Api.InstanceResponse, statusCode: status);
}

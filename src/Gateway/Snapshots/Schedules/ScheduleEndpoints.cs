using Hypeman.Contracts;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Snapshots.Schedules;
using Hypeman.Gateway.Requests;
using Microsoft.AspNetCore.Http.HttpResults;

namespace Hypeman.Gateway.Snapshots.Schedules;

/// <summary>The schedule of an instance's snapshots. One whose instance is gone is found by the id that the instance had.</summary>
internal static class ScheduleEndpoints
{
    public static void MapSchedules(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/instances/{id}/snapshot-schedule", GetAsync).WithName("getInstanceSnapshotSchedule");
        routes.MapPut("/instances/{id}/snapshot-schedule", SetAsync).WithName("setInstanceSnapshotSchedule");
        routes.MapDelete("/instances/{id}/snapshot-schedule", DeleteAsync).WithName("deleteInstanceSnapshotSchedule");
    }

    private static async Task<JsonHttpResult<ScheduleResponse>> GetAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken) =>
        Answer(await grains.SnapshotSchedule(await FindAsync(id, lookup, cancellationToken)).GetAsync());

    private static async Task<JsonHttpResult<ScheduleResponse>> SetAsync(
        string id, HttpRequest request, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var spec = await RequestBody.ReadAsync(request, SetScheduleRequest.Read);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return Answer(await grains.SnapshotSchedule(found).SetAsync(spec));
    }

    private static async Task<NoContent> DeleteAsync(
        string id, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken)
    {
        await grains.SnapshotSchedule(await FindAsync(id, lookup, cancellationToken)).DeleteAsync();
        return TypedResults.NoContent();
    }

    private static async Task<string> FindAsync(string id, ResourceLookup lookup, CancellationToken cancellationToken)
    {
        try
        {
            return await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        }
        catch (HypemanException gone) when (gone.Kind == ErrorKind.NotFound && ResourceId.IsOne(id))
        {
            return id;
        }
    }

    private static JsonHttpResult<ScheduleResponse> Answer(ScheduleInfo info) =>
        TypedResults.Json(ScheduleResponse.From(info), WireJson.Api.ScheduleResponse);
}

using Hypeman.Contracts;
using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Streams;

/// <summary>The calls that stay open: logs, commands and copies.</summary>
internal static class StreamEndpoints
{
    private const int DefaultTail = 100;

    private static readonly Dictionary<string, LogSource> Sources = new(StringComparer.Ordinal)
    {
        ["app"] = LogSource.App,
        ["vmm"] = LogSource.Vmm,
        ["hypeman"] = LogSource.Hypeman,
    };

    public static void MapStreams(this IEndpointRouteBuilder routes)
    {
        routes.MapGet("/instances/{id}/logs", LogsAsync).WithName("getInstanceLogs");
        routes.MapGet("/instances/{id}/exec", (string id, HttpContext context, GuestDoor door) => door.ExecAsync(id, context))
            .WithName("execInstance");
        routes.MapGet("/instances/{id}/cp", (string id, HttpContext context, GuestDoor door) => door.CopyAsync(id, context))
            .WithName("copyInstance");
    }

    private static async Task<LogStream> LogsAsync(
        string id, HttpRequest request, ResourceLookup lookup, IGrainFactory grains, CancellationToken cancellationToken)
    {
        var query = ReadQuery(request.Query);
        var found = await lookup.FindIdAsync(ResourceKind.Instance, id, cancellationToken);
        return new LogStream(grains.Instance(found), query);
    }

    private static LogQuery ReadQuery(IQueryCollection query)
    {
        var reader = new QueryReader(query);
        var logs = new LogQuery(
            reader.Word("source", Sources) ?? LogSource.App,
            reader.Int("tail", 0, DefaultTail),
            reader.Bool("follow", false));
        reader.Problems.ThrowIfAny();
        return logs;
    }
}

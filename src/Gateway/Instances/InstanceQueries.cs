using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>The query parameters of the instance calls.</summary>
internal static class InstanceQueries
{
    /// <summary>The states by their names, as the API writes them.</summary>
    public static IReadOnlyDictionary<string, InstancePhase> States { get; } =
        Enum.GetValues<InstancePhase>().ToDictionary(phase => phase.ToString(), StringComparer.Ordinal);

    public static ResourceQuery List(IQueryCollection query)
    {
        var reader = new QueryReader(query);
        var state = reader.Word("state", States);
        reader.Problems.ThrowIfAny();
        return new ResourceQuery(ResourceKind.Instance) { State = state?.ToString(), Tags = Tags.FromQuery(query) };
    }

    /// <summary>Whether the guest is asked to shut down before it is deleted.</summary>
    public static bool Delete(IQueryCollection query)
    {
        var reader = new QueryReader(query);
        var graceful = reader.Bool("graceful_shutdown", true);
        reader.Problems.ThrowIfAny();
        return graceful;
    }

    public static (string Path, bool FollowLinks) Stat(IQueryCollection query)
    {
        var reader = new QueryReader(query);
        var path = reader.RequiredString("path");
        var followLinks = reader.Bool("follow_links", false);
        reader.Problems.ThrowIfAny();
        return (path, followLinks);
    }
}

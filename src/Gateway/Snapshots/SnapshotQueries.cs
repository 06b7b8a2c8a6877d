using Hypeman.Contracts.Index;
using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Snapshots;

/// <summary>The query parameters of the snapshot calls.</summary>
internal static class SnapshotQueries
{
    /// <returns>What the index filters by, and what is left to filter by then.</returns>
    public static (ResourceQuery Query, Func<SnapshotInfo, bool> Fits) List(IQueryCollection query)
    {
        var reader = new QueryReader(query);
        var kind = reader.Word("kind", CreateSnapshotRequest.Kinds);
        var (source, name) = (reader.String("source_instance_id"), reader.String("name"));
        reader.Problems.ThrowIfAny();
        var tags = new Dictionary<string, string>(Tags.FromQuery(query));
        if (source is not null)
            tags[SnapshotInfo.SourceTag] = source;
        return (
            new ResourceQuery(ResourceKind.Snapshot) { State = nameof(SnapshotPhase.Ready), Tags = tags },
            info => (kind is null || info.Spec.Kind == kind) && (name is null || info.Spec.Name == name));
    }
}

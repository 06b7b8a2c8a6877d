using Hypeman.Contracts.Index;
using Hypeman.Contracts.Nodes;

namespace Hypeman.Grains.Nodes;

/// <summary>A node in the index. Nothing of it takes time, so its row is its whole record.</summary>
internal static class NodeRows
{
    public static ResourceRow Of(NodeInfo info, long version, DateTimeOffset createdAt) => new()
    {
        Kind = ResourceKind.Node,
        Id = info.Id,
        Name = info.Hostname,
        Home = info.Id,
        Tags = info.Labels,
        State = info.Admission.ToString(),
        Summary = ResourceSummary.Write(info),
        Version = version,
        CreatedAt = createdAt,
    };
}

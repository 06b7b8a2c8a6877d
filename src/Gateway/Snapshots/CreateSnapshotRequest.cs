using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Snapshots;

/// <summary>The body of POST /instances/{id}/snapshots.</summary>
internal static class CreateSnapshotRequest
{
    /// <summary>The kinds by their names, as the API writes them.</summary>
    public static IReadOnlyDictionary<string, SnapshotKind> Kinds { get; } =
        Enum.GetValues<SnapshotKind>().ToDictionary(kind => kind.ToString(), StringComparer.Ordinal);

    public static SnapshotSpec Read(FieldReader fields)
    {
        var kind = fields.RequiredString("kind");
        if (fields.Problems.Count == 0 && !Kinds.ContainsKey(kind))
            fields.Problems.AddSchema("kind", $"must be one of {string.Join(", ", Kinds.Keys)}, but is \"{kind}\"");
        var spec = new SnapshotSpec
        {
            Kind = Kinds.GetValueOrDefault(kind),
            Name = ResourceName.OptionalFromBody(fields),
            Tags = Tags.FromBody(fields),
        };
        LaterFields.RefuseCompression(fields);
        return spec;
    }
}

using Hypeman.Contracts.Snapshots;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Snapshots;

/// <summary>The body of POST /instances/{id}/snapshots.</summary>
internal static class CreateSnapshotRequest
{
    public const string InvalidCompression = "invalid_snapshot_compression";

    /// <summary>The kinds by their names, as the API writes them.</summary>
    public static IReadOnlyDictionary<string, SnapshotKind> Kinds { get; } =
        Enum.GetValues<SnapshotKind>().ToDictionary(kind => kind.ToString(), StringComparer.Ordinal);

    public static SnapshotSpec Read(FieldReader fields)
    {
        fields.Require("kind");
        var spec = new SnapshotSpec
        {
            Kind = fields.Word("kind", Kinds) ?? default,
            Name = ResourceName.OptionalFromBody(fields),
            Tags = Tags.FromBody(fields),
            Compression = CompressionFields.Read(fields, InvalidCompression),
        };
        if (spec is { Kind: SnapshotKind.Stopped, Compression.Enabled: true })
            fields.Problems.Add(InvalidCompression, "compression", "is for memory, and a snapshot of kind Stopped has none; leave it out");
        return spec;
    }
}

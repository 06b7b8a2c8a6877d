using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>The object <c>placement</c> of POST /instances, an extension of ours.</summary>
internal static class PlacementRequest
{
    private const int MaxGroupLength = 63;

    public static PlacementSpec? Read(FieldReader fields)
    {
        if (fields.Object("placement") is not { } placement)
            return null;
        var spec = new PlacementSpec
        {
            Node = placement.String("node"),
            Labels = placement.StringMap("labels") ?? new Dictionary<string, string>(),
            SpreadGroup = placement.String("spread_group"),
        };
        if (spec.Node is { Length: 0 })
            fields.Problems.AddSchema(placement.PathOf("node"), "must be the id or host name of a node");
        if (spec.SpreadGroup is { Length: 0 or > MaxGroupLength })
            fields.Problems.AddSchema(placement.PathOf("spread_group"), $"must be 1 to {MaxGroupLength} characters");
        return spec;
    }
}

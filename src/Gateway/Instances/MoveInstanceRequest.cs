using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>The body of POST /instances/{id}/move, an extension of ours; it may be left out.</summary>
internal static class MoveInstanceRequest
{
    // The words of a drain. There is no "leave": who asks for a move wants it moved.
    private static readonly IReadOnlyDictionary<string, bool> Restarts = new Dictionary<string, bool> { ["suspend"] = false, ["restart"] = true };

    public static MoveSpec Read(FieldReader fields)
    {
        var spec = new MoveSpec { Node = fields.String("node"), Restart = fields.Word("running", Restarts) ?? false };
        if (spec.Node is { Length: 0 })
            fields.Problems.AddSchema("node", "must be the id or host name of a node");
        return spec;
    }
}

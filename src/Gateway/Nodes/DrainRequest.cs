using Hypeman.Contracts.Nodes;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Nodes;

/// <summary>The body of POST /nodes/{id}/drain; it may be left out.</summary>
internal sealed record DrainRequest(bool Plan, DrainRunning Running)
{
    private static readonly IReadOnlyDictionary<string, DrainRunning> Policies =
        Enum.GetValues<DrainRunning>().ToDictionary(DrainResponse.Word);

    public static DrainRequest Read(FieldReader fields) =>
        new(fields.Bool("plan", otherwise: false), fields.Word("running", Policies) ?? DrainRunning.Leave);
}

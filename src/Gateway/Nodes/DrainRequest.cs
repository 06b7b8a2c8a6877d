using Hypeman.Contracts.Nodes;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Nodes;

/// <summary>The body of POST /nodes/{id}/drain; it may be left out.</summary>
internal sealed record DrainRequest(bool Plan, DrainRunning Running)
{
    private static readonly IReadOnlyDictionary<string, DrainRunning> Policies =
        Enum.GetValues<DrainRunning>().ToDictionary(DrainResponse.Word);

    public static DrainRequest Read(FieldReader fields)
    {
        var plan = fields.Bool("plan", otherwise: false);
        var running = DrainRunning.Leave;
        if (fields.String("running") is { } word && !Policies.TryGetValue(word, out running))
            fields.Problems.AddSchema("running", $"must be one of {string.Join(", ", Policies.Keys)}, but is \"{word}\"");
        return new DrainRequest(plan, running);
    }
}

using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Instances;

/// <summary>The body of POST /instances/{id}/fork.</summary>
internal static class ForkInstanceRequest
{
    private static readonly IReadOnlyDictionary<string, InstancePhase> Targets =
        new[] { InstancePhase.Stopped, InstancePhase.Standby, InstancePhase.Running }.ToDictionary(phase => phase.ToString(), StringComparer.Ordinal);

    public static ForkSpec Read(FieldReader fields) => new()
    {
        Name = ResourceName.FromBody(fields),
        FromRunning = fields.Bool("from_running", false),
        Target = Target(fields),
    };

    /// <summary>The field <c>target_state</c>; null when it is left out.</summary>
    public static InstancePhase? Target(FieldReader fields) => fields.Word("target_state", Targets);
}

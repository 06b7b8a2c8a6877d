using Hypeman.Contracts.Instances;
using Hypeman.Gateway.Errors;
using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances;

/// <summary>The parameters of GET /instances/{id}/wait.</summary>
internal sealed record WaitQuery(InstancePhase Target, TimeSpan Timeout)
{
    private static readonly TimeSpan LongestTimeout = TimeSpan.FromMinutes(5);

    public static WaitQuery Read(IQueryCollection query)
    {
        var reader = new QueryReader(query);
        reader.RequiredString("state");
        reader.Problems.ThrowIfAny();

        // The wait has codes of its own for what other calls leave to the schema.
        var state = reader.String("state")!;
        if (!InstanceQueries.States.TryGetValue(state, out var target) || target == InstancePhase.Unknown)
            throw new RequestRefusedException("invalid_state",
                $"state: must be one of {string.Join(", ", Targets)}, but is \"{state}\"");
        var text = reader.String("timeout") ?? "60s";
        if (!GoDuration.TryParse(text, out var timeout, out var problem))
            throw new RequestRefusedException("invalid_timeout", $"timeout: {problem}");
        if (timeout <= TimeSpan.Zero)
            throw new RequestRefusedException("invalid_timeout", $"timeout: must be more than zero, but is \"{text}\"");
        return new WaitQuery(target, timeout < LongestTimeout ? timeout : LongestTimeout);
    }

    private static IEnumerable<string> Targets => InstanceQueries.States.Keys.Where(name => name != nameof(InstancePhase.Unknown));
}

using System.Text.Json.Serialization;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;

namespace Hypeman.Gateway.Instances;

/// <summary>Waits until an instance is in a state, cannot come into it by itself, or the time is over.</summary>
internal sealed class InstanceWait(InstanceWatch watch, TimeProvider clock)
{
    /// <exception cref="HypemanException"><c>not_found</c> when the instance is deleted meanwhile.</exception>
    public async Task<WaitForStateResponse> ForAsync(string id, WaitQuery query, CancellationToken cancellationToken)
    {
        using var deadline = new CancellationTokenSource(query.Timeout, clock);
        using var either = CancellationTokenSource.CreateLinkedTokenSource(deadline.Token, cancellationToken);
        InstanceInfo? last = null;
        try
        {
            var followed = await watch.UntilAsync(id, info => IsOver(last = info, query.Target), either.Token);
            return followed.IsGone
                ? throw HypemanException.NotFound()
                : WaitForStateResponse.From(followed.Last!, timedOut: false);
        }
        catch (OperationCanceledException) when (last is not null && !cancellationToken.IsCancellationRequested)
        {
            return WaitForStateResponse.From(last, timedOut: true);
        }
    }

    private static bool IsOver(InstanceInfo info, InstancePhase target) =>
        info.Phase == target || InstanceProgress.IsAtRest(info);
}

internal sealed record WaitForStateResponse
{
    public required string State { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? StateError { get; init; }

    public required bool TimedOut { get; init; }

    public static WaitForStateResponse From(InstanceInfo info, bool timedOut) => new()
    {
        State = info.Phase.ToString(),
        StateError = info.StateError,
        TimedOut = timedOut,
    };
}

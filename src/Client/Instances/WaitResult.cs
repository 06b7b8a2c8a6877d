using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

/// <summary>The state at the end of a wait, and whether the time ran out before the wish came true.</summary>
public sealed record WaitResult : ApiResource
{
    public string State { get; init; } = "";
    public string? StateError { get; init; }
    public bool TimedOut { get; init; }
}

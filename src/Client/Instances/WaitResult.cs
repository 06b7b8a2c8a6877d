using Hypeman.Client.Http;

namespace Hypeman.Client.Instances;

public sealed record WaitResult : ApiResource
{
    public string State { get; init; } = "";
    public string? StateError { get; init; }
    public bool TimedOut { get; init; }
}

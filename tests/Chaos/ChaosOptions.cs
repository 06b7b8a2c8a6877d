namespace Hypeman.Tests.Chaos;

internal sealed record ChaosOptions
{
    /// <summary>After it no new fault is made.</summary>
    public required TimeSpan Duration { get; init; }

    public required int Seed { get; init; }
    public required int Nodes { get; init; }

    /// <summary>Kinds of faults; all when empty.</summary>
    public required IReadOnlyList<string> Only { get; init; }

    /// <summary>Where the logs of the fleet's processes are put at the end.</summary>
    public required string Logs { get; init; }
}

namespace Hypeman.Tests.Chaos.Workload;

/// <summary>How an instance may be once all has come to rest.</summary>
[Flags]
internal enum Outcomes
{
    None = 0,
    Running = 1,
    Stopped = 2,
    Gone = 4,
    Standby = 8,
}

/// <summary>
/// An instance as the user who makes it knows it: what was acknowledged holds; what was not may or may not have been done.
/// </summary>
internal sealed class KnownInstance(string name)
{
    public string Name => name;

    /// <summary>Null while no answer has told it.</summary>
    public string? Id { get; set; }

    /// <summary>The member that runs it; null while that is not known.</summary>
    public string? Home { get; set; }

    public Outcomes Outcomes { get; private set; } = Outcomes.Gone;

    /// <summary>An order was given: it was acknowledged, refused, or nobody knows.</summary>
    /// <param name="call">The order, ended.</param>
    /// <param name="to">What it leads to.</param>
    public void Ordered(Call call, Outcomes to) => Outcomes = call switch
    {
        { IsSuccess: true } => to,
        { Status: 409 } => Outcomes,
        { Status: 404 } => Outcomes.Gone,
        _ => Outcomes | to,
    };

    public void Seen(Outcomes outcome) => Outcomes = outcome;
}

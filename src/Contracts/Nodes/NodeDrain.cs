namespace Hypeman.Contracts.Nodes;

/// <summary>What a drain does with instances that run.</summary>
public enum DrainRunning
{
    /// <summary>They run on where they are.</summary>
    Leave,

    /// <summary>They are stopped, moved and started again.</summary>
    Restart,

    /// <summary>They sleep for the way, and go on with what they have in memory. One that only just boots is restarted.</summary>
    Suspend,
}

public enum DrainKind
{
    Instance,
    Image,
    Snapshot,
}

/// <summary>
/// A drain of a node: all that lives there goes to other nodes. What has yet to go is not written here, it is what still
/// lives there; so a drain goes on after anything.
/// </summary>
[GenerateSerializer, Immutable, Alias("hypeman.node-drain")]
public sealed record NodeDrain
{
    [Id(0)] public required DateTimeOffset StartedAt { get; init; }
    [Id(1)] public required DrainRunning Running { get; init; }

    /// <summary>On their way; written before they set out.</summary>
    [Id(2)] public IReadOnlyList<DrainMove> Moving { get; init; } = [];

    /// <summary>What does not go, as things are now.</summary>
    [Id(3)] public IReadOnlyList<DrainLeft> Left { get; init; } = [];

    [Id(4)] public int MovedInstances { get; init; }
    [Id(5)] public int MovedImages { get; init; }

    [Id(8)] public int MovedSnapshots { get; init; }

    /// <summary>Somebody does not want it any more; what is on its way is called back.</summary>
    [Id(6)] public DateTimeOffset? CancelledAt { get; init; }

    /// <summary>Nothing moves any more.</summary>
    [Id(7)] public DateTimeOffset? FinishedAt { get; init; }
}

/// <summary>One thing that goes to another node.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.drain-move")]
public sealed record DrainMove
{
    [Id(0)] public required DrainKind Kind { get; init; }
    [Id(1)] public required string Id { get; init; }
    [Id(2)] public required string Name { get; init; }

    /// <summary>Id of the node that it goes to.</summary>
    [Id(3)] public required string Target { get; init; }

    /// <summary>It runs, and is to run again there.</summary>
    [Id(4)] public bool Restart { get; init; }

    /// <summary>It sleeps for the way, else it is stopped and started.</summary>
    [Id(5)] public bool Suspend { get; init; }
}

/// <summary>One thing that stays, and why.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.drain-left")]
public sealed record DrainLeft
{
    [Id(0)] public required DrainKind Kind { get; init; }
    [Id(1)] public required string Id { get; init; }
    [Id(2)] public required string Name { get; init; }
    [Id(3)] public required string Reason { get; init; }
}

/// <summary>What a drain would do, as things are now.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.drain-plan")]
public sealed record DrainPlan
{
    [Id(0)] public required IReadOnlyList<DrainMove> Moves { get; init; }
    [Id(1)] public required IReadOnlyList<DrainLeft> Left { get; init; }
}

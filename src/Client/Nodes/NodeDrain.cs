using Hypeman.Client.Http;

namespace Hypeman.Client.Nodes;

/// <summary>A drain of a node as the server tells of it.</summary>
public sealed record NodeDrain : ApiResource
{
    /// <summary><c>draining</c>, <c>finished</c>, <c>cancelling</c> or <c>cancelled</c>.</summary>
    public required string State { get; init; }

    public required string Running { get; init; }
    public DateTimeOffset? StartedAt { get; init; }
    public DateTimeOffset? CancelledAt { get; init; }
    public DateTimeOffset? FinishedAt { get; init; }
    public required DrainCount Moved { get; init; }
    public IReadOnlyList<DrainMove> Moving { get; init; } = [];
    public IReadOnlyList<DrainLeft> Left { get; init; } = [];
}

/// <summary>What a drain would do.</summary>
public sealed record DrainPlan : ApiResource
{
    public IReadOnlyList<DrainMove> Moves { get; init; } = [];
    public IReadOnlyList<DrainLeft> Left { get; init; } = [];
}

public sealed record DrainCount(int Instances, int Images, int Snapshots = 0);

/// <summary>An instance, snapshot or image that goes to another node.</summary>
public sealed record DrainMove(string Kind, string Id, string Name, string Node, bool Restart);

/// <summary>One that stays, and why.</summary>
public sealed record DrainLeft(string Kind, string Id, string Name, string Reason);

/// <summary>A wish to drain a node, or to know what that would do.</summary>
public sealed record DrainNode(bool? Plan = null, string? Running = null);

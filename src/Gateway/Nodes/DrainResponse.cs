using Hypeman.Contracts.Nodes;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Nodes;

/// <summary>A drain of a node, under way or over.</summary>
internal sealed record DrainResponse
{
    public required string State { get; init; }
    public required string Running { get; init; }
    public required DateTime StartedAt { get; init; }
    public DateTime? CancelledAt { get; init; }
    public DateTime? FinishedAt { get; init; }
    public required DrainCountResponse Moved { get; init; }
    public required IReadOnlyList<DrainMoveResponse> Moving { get; init; }
    public required IReadOnlyList<DrainLeftResponse> Left { get; init; }

    public static DrainResponse From(NodeDrain drain) => new()
    {
        State = (drain.CancelledAt, drain.FinishedAt) switch
        {
            (null, null) => "draining",
            (null, _) => "finished",
            (_, null) => "cancelling",
            _ => "cancelled",
        },
        Running = Word(drain.Running),
        StartedAt = drain.StartedAt.UtcDateTime,
        CancelledAt = drain.CancelledAt?.UtcDateTime,
        FinishedAt = drain.FinishedAt?.UtcDateTime,
        Moved = new DrainCountResponse(drain.MovedInstances, drain.MovedImages, drain.MovedSnapshots),
        Moving = [.. drain.Moving.Select(DrainMoveResponse.From)],
        Left = [.. drain.Left.Select(DrainLeftResponse.From)],
    };

    public static string Word<T>(T value)
        where T : struct, Enum => value.ToString().ToLowerInvariant();
}

internal sealed record DrainCountResponse(int Instances, int Images, int Snapshots);

internal sealed record DrainPlanResponse(IReadOnlyList<DrainMoveResponse> Moves, IReadOnlyList<DrainLeftResponse> Left)
{
    public static DrainPlanResponse From(DrainPlan plan) =>
        new([.. plan.Moves.Select(DrainMoveResponse.From)], [.. plan.Left.Select(DrainLeftResponse.From)]);
}

internal sealed record DrainMoveResponse(string Kind, string Id, string Name, string Node, bool Restart)
{
    public static DrainMoveResponse From(DrainMove move) => new(DrainResponse.Word(move.Kind), move.Id, move.Name, move.Target, move.Restart);
}

internal sealed record DrainLeftResponse(string Kind, string Id, string Name, string Reason)
{
    public static DrainLeftResponse From(DrainLeft left) => new(DrainResponse.Word(left.Kind), left.Id, left.Name, left.Reason);
}

using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Images;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Nodes;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Grains.Nodes.Draining;

/// <summary>What a drain does with one thing now.</summary>
/// <param name="Does">Moves it, waits for it to come to rest, or leaves it.</param>
/// <param name="Restart">It runs, and is to run again there.</param>
/// <param name="Suspend">It sleeps for the way.</param>
/// <param name="Reason">Why it is left.</param>
internal sealed record DrainVerdict(DrainVerdict.Deed Does, bool Restart = false, bool Suspend = false, string? Reason = null)
{
    internal enum Deed
    {
        Move,
        Wait,
        Leave,
    }

    public static DrainVerdict Wait { get; } = new(Deed.Wait);

    public static DrainVerdict Leave(string reason) => new(Deed.Leave, Reason: reason);
}

/// <summary>What a node that is drained does with what lives on it, and what becomes of the drain. Pure.</summary>
internal static class DrainDecision
{
    public static DrainVerdict Of(InstanceInfo instance, DrainRunning running)
    {
        if (instance.Operation is not null)
            return DrainVerdict.Wait;
        if (instance.Spec.Placement?.Node is { } node)
            return DrainVerdict.Leave($"it was made for this node alone: its placement.node is '{node}'");
        return instance.Phase switch
        {
            InstancePhase.Stopped when instance.Failure?.Code == "vm_missing" => DrainVerdict.Leave("its disk is lost"),
            InstancePhase.Stopped or InstancePhase.Standby => new DrainVerdict(DrainVerdict.Deed.Move),
            InstancePhase.Running or InstancePhase.Initializing => running == DrainRunning.Leave
                ? DrainVerdict.Leave("it runs, and this drain leaves what runs: stop it, or drain with running=suspend or running=restart")
                : new DrainVerdict(DrainVerdict.Deed.Move, Restart: true, Suspend: running == DrainRunning.Suspend),
            InstancePhase.Created or InstancePhase.Shutdown or InstancePhase.Paused => DrainVerdict.Wait,
            InstancePhase.Unknown => DrainVerdict.Leave($"its state is not known: {instance.StateError ?? "it does not answer"}"),
        };
    }

    public static DrainVerdict Of(ImageInfo image) => image.Status switch
    {
        ImageStatus.Ready or ImageStatus.Failed => new DrainVerdict(DrainVerdict.Deed.Move),
        ImageStatus.Pending or ImageStatus.Pulling or ImageStatus.Converting => DrainVerdict.Wait,
    };

    public static DrainVerdict Of(SnapshotInfo snapshot) =>
        snapshot.Phase == SnapshotPhase.Ready ? new DrainVerdict(DrainVerdict.Deed.Move) : DrainVerdict.Wait;

    /// <summary>One that is under way goes on.</summary>
    public static NodeInfo Begin(NodeInfo node, DrainRunning running, DateTimeOffset now) => node with
    {
        Admission = NodeAdmission.Draining,
        Drain = node.Drain is { FinishedAt: null, CancelledAt: null } present
            ? present with { Running = running }
            // One that was cancelled just now may still call back what it sent.
            : new NodeDrain { StartedAt = now, Running = running, Moving = node.Drain?.Moving ?? [] },
    };

    /// <exception cref="HypemanException"><c>invalid_state</c> when there is none.</exception>
    public static NodeInfo Cancel(NodeInfo node, DateTimeOffset now)
    {
        if (node.Drain is not { FinishedAt: null } drain)
            throw HypemanException.InvalidState($"node {node.Id} is not being drained");
        return drain.CancelledAt is not null ? node : node with
        {
            Admission = NodeAdmission.Cordoned,
            Drain = drain with { CancelledAt = now, FinishedAt = drain.Moving.Count == 0 ? now : null, Left = [] },
        };
    }

    /// <exception cref="HypemanException"><c>invalid_state</c> while it is being drained.</exception>
    public static NodeInfo Uncordon(NodeInfo node) => node.Drain is { FinishedAt: null }
        ? throw HypemanException.InvalidState($"node {node.Id} is being drained: cancel that first, and let it come to its end")
        : node with { Admission = NodeAdmission.Ready, Drain = null };

    /// <summary>Takes in how a round went; the same node when that is no news, or when another drain has begun meanwhile.</summary>
    public static NodeInfo Went(NodeInfo node, DateTimeOffset drainOf, DrainRound round, DateTimeOffset now)
    {
        if (node.Drain is not { FinishedAt: null } drain || drain.StartedAt != drainOf)
            return node;
        var next = drain with
        {
            Moving = Same(drain.Moving, [.. round.Moving]),
            Left = drain.CancelledAt is null ? Same(drain.Left, [.. round.Left]) : drain.Left,
            MovedInstances = drain.MovedInstances + round.Arrived.Count(kind => kind == DrainKind.Instance),
            MovedImages = drain.MovedImages + round.Arrived.Count(kind => kind == DrainKind.Image),
            MovedSnapshots = drain.MovedSnapshots + round.Arrived.Count(kind => kind == DrainKind.Snapshot),
            FinishedAt = round.Moving.Count == 0 && (round.IsOver || drain.CancelledAt is not null) ? now : null,
        };
        if (next == drain)
            return node;
        return node with { Drain = next, Admission = next.FinishedAt is null ? node.Admission : NodeAdmission.Cordoned };
    }

    // So that no news is seen to be none.
    private static IReadOnlyList<T> Same<T>(IReadOnlyList<T> before, List<T> now) => before.SequenceEqual(now) ? before : now;
}

/// <summary>What a round of a drain found and decided.</summary>
internal sealed class DrainRound
{
    public List<DrainMove> Moving { get; } = [];

    public List<DrainLeft> Left { get; } = [];

    /// <summary>Of those that moved, what has come to its new home since the round before.</summary>
    public List<DrainKind> Arrived { get; } = [];

    /// <summary>Nothing is left that could still be moved.</summary>
    public bool IsOver { get; set; }
}

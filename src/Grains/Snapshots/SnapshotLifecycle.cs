using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Snapshots;
using Hypeman.Grains.Instances;
using Hypeman.NodeRuntime.Snapshots;

namespace Hypeman.Grains.Snapshots;

/// <summary>
/// The life of a snapshot, and what may be made of it. Pure.
/// <code>
///   (none) ──▶ Taking ──▶ Ready ──▶ Deleting ──▶ (none)
///                 └── failed, deleted ──▲
/// </code>
/// </summary>
internal static class SnapshotLifecycle
{
    public static readonly TimeSpan TakeDeadline = TimeSpan.FromMinutes(10);

    public static SnapshotState Take(string id, SnapshotOrder order, DateTimeOffset now) =>
        new() { Id = id, Order = order, Phase = SnapshotPhase.Taking, CreatedAt = now, Version = 1 };

    public static SnapshotState Taken(SnapshotState state, SnapshotStatus seen) => state.Phase == SnapshotPhase.Taking
        ? Next(state with { Phase = SnapshotPhase.Ready, SizeBytes = seen.SizeBytes, Compressed = seen.Compression.ToInfo(), Failures = 0 })
        : state;

    /// <summary>What became of it since, on the disk of its node; the same state when that is no news.</summary>
    public static SnapshotState Seen(SnapshotState state, SnapshotStatus seen) =>
        state.Phase == SnapshotPhase.Ready && (state.SizeBytes != seen.SizeBytes || state.Compressed != seen.Compression.ToInfo())
            ? Next(state with { SizeBytes = seen.SizeBytes, Compressed = seen.Compression.ToInfo() })
            : state;

    /// <summary>Another node has a copy, and is its home from now on; the same state when it is not at rest.</summary>
    public static SnapshotState MovedTo(SnapshotState state, string target) => state.Phase == SnapshotPhase.Ready && state.Order.Home != target
        ? Next(state with { Order = state.Order with { Home = target } })
        : state;

    public static SnapshotState Delete(SnapshotState state) =>
        state.Phase == SnapshotPhase.Deleting ? state : Next(state with { Phase = SnapshotPhase.Deleting, Failures = 0 });

    /// <summary>An attempt failed: at taking it, what passes is tried again for a while; a delete is never given up.</summary>
    public static SnapshotState Failed(SnapshotState state, InstanceFailure failure, bool passing, DateTimeOffset now)
    {
        var mayPass = passing && failure.Kind != ErrorKind.Conflict && now < state.CreatedAt + TakeDeadline;
        return state.Phase == SnapshotPhase.Deleting || mayPass
            ? Next(state with { Failures = state.Failures + 1 })
            : Next(state with { Phase = SnapshotPhase.Deleting, Failures = 0, Failure = failure });
    }

    /// <summary>What to order of a new grain that is to be a copy of the snapshot.</summary>
    /// <exception cref="HypemanException"><c>conflict</c>, <c>invalid_request</c>, <c>not_supported</c>.</exception>
    public static InstanceOrder Fork(SnapshotState state, ForkSpec wish)
    {
        RequireReady(state);
        var (target, withMemory) = TargetOf(state, wish.Target);
        return InstanceFork.Of(state.Order.Instance, state.Order.Image, state.Order.Home, wish.Name, target, new InstanceOrigin
        {
            InstanceId = state.Order.SourceId,
            SnapshotId = state.Id,
            WithMemory = withMemory,
            Hypervisor = HypervisorOf(state, wish.Hypervisor),
        });
    }

    /// <exception cref="HypemanException"><c>conflict</c>; <c>invalid_request</c>: it is of another instance, or cannot become that.</exception>
    public static RevertOrder Revert(SnapshotState state, string instanceId, RevertSpec wish)
    {
        if (state.Order.SourceId != instanceId)
            throw HypemanException.Invalid(
                "invalid_request", $"snapshot {state.Id} is of instance {state.Order.SourceId}; to use it for another one, fork the snapshot");
        RequireReady(state);
        var (target, withMemory) = TargetOf(state, wish.Target);
        return new RevertOrder
        {
            SnapshotId = state.Id,
            WithMemory = withMemory,
            Target = target,
            Hypervisor = HypervisorOf(state, wish.Hypervisor),
        };
    }

    // A memory goes on only where it was; a disk boots anywhere.
    private static string HypervisorOf(SnapshotState state, string? wish) => wish is null || state.Order.Spec.Kind == SnapshotKind.Stopped
        ? wish ?? state.Order.Hypervisor
        : throw HypemanException.Invalid(
            "invalid_request", "target_hypervisor: only a snapshot of kind Stopped can be used under another hypervisor; leave it out");

    private static (InstancePhase Target, bool WithMemory) TargetOf(SnapshotState state, InstancePhase? wish)
    {
        var target = wish ?? (state.HasMemory ? InstancePhase.Running : InstancePhase.Stopped);
        if (!state.HasMemory && target == InstancePhase.Standby)
            throw HypemanException.Invalid(
                "invalid_request", "target_state: a snapshot of kind Stopped has no memory to be in Standby with; use Stopped or Running");
        return (target, state.HasMemory && target != InstancePhase.Stopped);
    }

    private static void RequireReady(SnapshotState state)
    {
        if (state.Phase != SnapshotPhase.Ready)
            throw new HypemanException(
                ErrorKind.Conflict, "conflict", state.Phase == SnapshotPhase.Taking ? "the snapshot is still being taken" : "the snapshot is being deleted");
    }

    private static SnapshotState Next(SnapshotState state) => state with { Version = state.Version + 1 };
}

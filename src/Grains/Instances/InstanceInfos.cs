using Hypeman.Contracts.Index;
using Hypeman.Contracts.Instances;
using Hypeman.Contracts.Instances.Policies;
using Hypeman.Grains.Instances.Health;
using Hypeman.Grains.Instances.Policies;

namespace Hypeman.Grains.Instances;

/// <summary>The stored record of an instance as others see it.</summary>
internal static class InstanceInfos
{
    /// <summary>Finds the members of a spread group in the index. No user's tag can have this key.</summary>
    public const string SpreadTag = "!spread";

    public static InstanceInfo ToInfo(this InstanceState state) => new()
    {
        Id = state.Id,
        Spec = state.Spec,
        Image = state.Image.Name,
        Phase = state.Phase(),
        StateError = ErrorOf(state),
        Ip = state.Observed.Ip,
        Mac = state.Observed.Mac,
        CreatedAt = state.CreatedAt,
        StartedAt = state.StartedAt,
        StoppedAt = state.StoppedAt,
        ExitCode = state.Observed.ExitCode,
        ExitMessage = state.Observed.ExitMessage,
        Hypervisor = state.Hypervisor,
        Platform = state.Image.Platform,
        HasSnapshot = state.Observed.Phase == ObservedPhase.Standby,
        Home = state.Home,
        PhaseSince = state.Clock.Since,
        PhaseDurationsMs = state.Clock.SpentMs,
        Operation = state.Operation is { } operation ? NameOf(operation.Kind) : null,
        Failure = state.Failure,
        MovedFrom = state.MovedFrom,
        MovesTo = state.Operation?.Target,
        MoveError = state.MoveError,
        ExpiresAt = state.ExpiresAt,
        DueAt = InstanceAgenda.DueAt(state),
        Health = InstanceHealth.StatusOf(state),
        Restart = state.Spec.RestartPolicy is null ? null : state.Restart,
    };

    /// <summary>The info while the instance's node cannot be asked: what was last known, marked as such.</summary>
    public static InstanceInfo ToInfoFromAfar(this InstanceState state, DateTimeOffset since) => state.ToInfo() with
    {
        Phase = InstancePhase.Unknown,
        StateError = $"node {state.Home} cannot be reached since {since:u}; the instance was {state.Phase()} when last seen",
        IsAway = true,
        Health = state.Spec.HealthCheck is null ? null : new HealthStatus { State = HealthState.Unknown },
    };

    /// <summary>The info when the node will not return.</summary>
    public static InstanceInfo ToInfoOfRemovedNode(this InstanceState state, DateTimeOffset removedAt) => state.ToInfo() with
    {
        Phase = InstancePhase.Unknown,
        StateError = $"node {state.Home} was removed from the fleet on {removedAt:u} and its disks are lost; the instance can only be deleted",
    };

    /// <summary>The instance's row. Its parent is the image's digest, so that the users of an image can be found.</summary>
    public static ResourceRow ToRow(this InstanceState state) => new()
    {
        Kind = ResourceKind.Instance,
        Id = state.Id,
        Name = state.Spec.Name,
        Parent = state.Image.Digest,
        Home = state.Home,
        Epoch = state.Epoch,
        Tags = IndexTags(state.Spec),
        State = state.Phase().ToString(),
        Summary = ResourceSummary.Write(state.ToInfo()),
        Version = state.Version,
        CreatedAt = state.CreatedAt,
    };

    private static IReadOnlyDictionary<string, string> IndexTags(InstanceSpec spec) => spec.Placement?.SpreadGroup is { } group
        ? new Dictionary<string, string>(spec.Tags) { [SpreadTag] = group }
        : spec.Tags;

    private static string? ErrorOf(InstanceState state) => state.Phase() switch
    {
        // What the node says is nearer to the cause than what came of it.
        InstancePhase.Unknown => state.Observed.Error ?? state.Failure?.Message,
        InstancePhase.Stopped or InstancePhase.Standby => state.Failure?.Message ?? state.Observed.Error,
        InstancePhase.Created or InstancePhase.Initializing or InstancePhase.Running or InstancePhase.Paused
            or InstancePhase.Shutdown => state.Failure?.Message,
    };

    private static string NameOf(OperationKind kind) => kind switch
    {
        OperationKind.Create => "create",
        OperationKind.Start => "start",
        OperationKind.Stop => "stop",
        OperationKind.Delete => "delete",
        OperationKind.Move => "move",
        OperationKind.Standby => "standby",
        OperationKind.Restore => "restore",
        OperationKind.Fork => "fork",
        OperationKind.Revert => "revert",
    };
}

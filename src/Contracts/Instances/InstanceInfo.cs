using Hypeman.Contracts.Instances.Policies;

namespace Hypeman.Contracts.Instances;

/// <summary>What a caller may know about an instance; also its summary in the resource index.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-info")]
public sealed record InstanceInfo
{
    [Id(0)] public required string Id { get; init; }
    [Id(1)] public required InstanceSpec Spec { get; init; }

    /// <summary>The normalized image name.</summary>
    [Id(2)] public required string Image { get; init; }

    [Id(3)] public required InstancePhase Phase { get; init; }

    /// <summary>Why the phase is Unknown, or why the last operation failed; null when all is well.</summary>
    [Id(4)] public string? StateError { get; init; }

    [Id(5)] public string? Ip { get; init; }
    [Id(6)] public string? Mac { get; init; }
    [Id(7)] public required DateTimeOffset CreatedAt { get; init; }
    [Id(8)] public DateTimeOffset? StartedAt { get; init; }
    [Id(9)] public DateTimeOffset? StoppedAt { get; init; }
    [Id(10)] public int? ExitCode { get; init; }
    [Id(11)] public string? ExitMessage { get; init; }
    [Id(12)] public bool HasSnapshot { get; init; }
    [Id(13)] public required string Hypervisor { get; init; }
    [Id(14)] public required string Platform { get; init; }

    /// <summary>The node this instance lives on.</summary>
    [Id(15)] public required string Home { get; init; }

    [Id(16)] public required DateTimeOffset PhaseSince { get; init; }

    /// <summary>Milliseconds spent in each earlier phase, by lower-case phase name, without the present stay.</summary>
    [Id(17)] public IReadOnlyDictionary<string, long> PhaseDurationsMs { get; init; } = new Dictionary<string, long>();

    /// <summary>What the instance is being changed to, for example <c>start</c> or <c>stop</c>; null when at rest.</summary>
    [Id(18)] public string? Operation { get; init; }

    /// <summary>
    /// Why the last operation failed; null when it did not. A create that failed shows it while what was made is
    /// removed again, then the instance is gone.
    /// </summary>
    [Id(19)] public InstanceFailure? Failure { get; init; }

    /// <summary>The node is away: the rest is what was last known, and what is wished is done when the node is back.</summary>
    [Id(20)] public bool IsAway { get; init; }

    /// <summary>The node that still has the disk, while that is on its way to <see cref="Home"/>.</summary>
    [Id(21)] public string? MovedFrom { get; init; }

    /// <summary>The node that it is being moved to.</summary>
    [Id(22)] public string? MovesTo { get; init; }

    /// <summary>Why the last move did not come about; null when it did.</summary>
    [Id(23)] public string? MoveError { get; init; }

    /// <summary>When it is deleted; null: not by itself.</summary>
    [Id(24)] public DateTimeOffset? ExpiresAt { get; init; }

    /// <summary>When its node must look at it although nothing has happened; null: not before something does.</summary>
    [Id(25)] public DateTimeOffset? DueAt { get; init; }

    /// <summary>Of its restart policy; null when it has none.</summary>
    [Id(26)] public RestartStatus? Restart { get; init; }

    /// <summary>Null when it has no health check. In the index the counts are those of the last verdict.</summary>
    [Id(27)] public HealthStatus? Health { get; init; }
}

/// <summary>Why an operation on an instance failed, in the words of <see cref="Errors.HypemanException"/>.</summary>
[GenerateSerializer, Immutable, Alias("hypeman.instance-failure")]
public sealed record InstanceFailure(
    [property: Id(0)] Errors.ErrorKind Kind, [property: Id(1)] string Code, [property: Id(2)] string Message);

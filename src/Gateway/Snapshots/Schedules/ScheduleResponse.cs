using System.Text.Json.Serialization;
using Hypeman.Contracts.Snapshots.Schedules;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Snapshots.Schedules;

internal sealed record ScheduleResponse
{
    public required string InstanceId { get; init; }
    public required string Interval { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? NamePrefix { get; init; }

    public IReadOnlyDictionary<string, string>? Metadata { get; init; }
    public required RetentionResponse Retention { get; init; }
    public required DateTime NextRunAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public DateTime? LastRunAt { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? LastSnapshotId { get; init; }

    [JsonIgnore(Condition = JsonIgnoreCondition.Never)]
    public string? LastError { get; init; }

    public required DateTime CreatedAt { get; init; }
    public required DateTime UpdatedAt { get; init; }

    public static ScheduleResponse From(ScheduleInfo info) => new()
    {
        InstanceId = info.InstanceId,
        Interval = GoDuration.Format(info.Spec.Interval),
        NamePrefix = info.Spec.NamePrefix,
        Metadata = info.Spec.Tags.NullIfEmpty(),
        Retention = new RetentionResponse(
            info.Spec.Retention.MaxCount, info.Spec.Retention.MaxAge is { } age ? GoDuration.Format(age) : null),
        NextRunAt = info.NextRunAt.UtcDateTime,
        LastRunAt = info.LastRunAt?.UtcDateTime,
        LastSnapshotId = info.LastSnapshotId,
        LastError = info.LastError,
        CreatedAt = info.CreatedAt.UtcDateTime,
        UpdatedAt = info.UpdatedAt.UtcDateTime,
    };
}

/// <summary>A count of zero and no age: that does not limit them.</summary>
internal sealed record RetentionResponse(int MaxCount, string? MaxAge);

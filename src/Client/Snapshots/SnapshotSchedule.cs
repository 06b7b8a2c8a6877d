using Hypeman.Client.Http;

namespace Hypeman.Client.Snapshots;

/// <summary>The schedule of an instance's snapshots as the server tells of it.</summary>
public sealed record SnapshotSchedule : ApiResource
{
    public required string InstanceId { get; init; }
    public string Interval { get; init; } = "";
    public string? NamePrefix { get; init; }
    public ScheduleRetention? Retention { get; init; }
    public DateTimeOffset? NextRunAt { get; init; }
    public DateTimeOffset? LastRunAt { get; init; }
    public string? LastSnapshotId { get; init; }
    public string? LastError { get; init; }
}

/// <summary>Which snapshots of a schedule are kept.</summary>
/// <param name="MaxCount">This many, the latest; zero for any number.</param>
/// <param name="MaxAge">Those that are not older, for example <c>168h</c>.</param>
public sealed record ScheduleRetention(int? MaxCount = null, string? MaxAge = null);

/// <summary>A wish for snapshots again and again.</summary>
public sealed record SetSchedule(
    string Interval, ScheduleRetention Retention, string? NamePrefix = null, IReadOnlyDictionary<string, string>? Metadata = null);

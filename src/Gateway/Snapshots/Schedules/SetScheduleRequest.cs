using Hypeman.Contracts.Snapshots.Schedules;
using Hypeman.Gateway.Instances.Policies;
using Hypeman.Gateway.Requests;

namespace Hypeman.Gateway.Snapshots.Schedules;

/// <summary>The body of PUT /instances/{id}/snapshot-schedule.</summary>
internal static class SetScheduleRequest
{
    private const string Code = "invalid_request";

    /// <summary>A name has room for this and the time of the run.</summary>
    private const int LongestPrefix = 47;

    private static readonly TimeSpan LeastInterval = TimeSpan.FromMinutes(1);
    private static readonly TimeSpan LeastAge = TimeSpan.FromSeconds(1);

    public static ScheduleSpec Read(FieldReader fields)
    {
        fields.Require("interval");
        return new ScheduleSpec
        {
            Interval = DurationField.Read(fields, "interval", Code, LeastInterval) ?? LeastInterval,
            NamePrefix = Prefix(fields),
            Tags = Tags.FromBody(fields, "metadata"),
            Retention = Retention(fields.RequiredObject("retention")),
        };
    }

    private static SnapshotRetention Retention(FieldReader? fields)
    {
        if (fields is null)
            return new SnapshotRetention();
        var problems = fields.Problems.Count;
        var retention = new SnapshotRetention
        {
            MaxCount = fields.Int("max_count", min: 0) ?? 0,
            MaxAge = DurationField.Read(fields, "max_age", Code, LeastAge),
        };
        if (fields.Problems.Count == problems && retention is { MaxCount: 0, MaxAge: null })
            fields.Problems.Add(Code, "retention", "must have a max_count of more than 0, or a max_age, or both");
        return retention;
    }

    // The official client sends null for none.
    private static string? Prefix(FieldReader fields)
    {
        var prefix = fields.NullableString("name_prefix");
        if (prefix is not null)
            ResourceName.Check(fields, "name_prefix", prefix, LongestPrefix);
        return prefix;
    }
}

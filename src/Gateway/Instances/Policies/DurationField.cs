using Hypeman.Gateway.Requests;
using Hypeman.Gateway.Values;

namespace Hypeman.Gateway.Instances.Policies;

/// <summary>A field with a duration, in bodies where a wrong one has a code of its own.</summary>
internal static class DurationField
{
    /// <summary>The longest that can be added to a date without leaving the calendar.</summary>
    private static readonly TimeSpan Longest = TimeSpan.FromDays(365 * 100);

    /// <summary>The duration; null when it is left out, and when it is wrong or shorter than the least, which is noted.</summary>
    public static TimeSpan? Read(FieldReader fields, string name, string code, TimeSpan least)
    {
        if (fields.String(name) is not { } text)
            return null;
        if (!GoDuration.TryParse(text, out var duration, out var problem))
            fields.Problems.Add(code, fields.PathOf(name), problem);
        else if (duration < least)
            fields.Problems.Add(code, fields.PathOf(name), $"must be at least {GoDuration.Format(least)}, but is \"{text}\"");
        else if (duration > Longest)
            fields.Problems.Add(code, fields.PathOf(name), $"must be at most a hundred years, but is \"{text}\"");
        else
            return duration;
        return null;
    }
}

using System.Globalization;

namespace Hypeman.Cli.Output;

/// <summary>Numbers and times as people like to read them.</summary>
internal static class Words
{
    private static readonly string[] Units = ["B", "KB", "MB", "GB", "TB"];

    /// <summary>Bytes in the largest unit that leaves at least one, for example <c>12.5 MB</c>.</summary>
    public static string Size(long? bytes)
    {
        if (bytes is not { } value)
            return "";
        double number = value;
        var unit = 0;
        for (; number >= 1024 && unit < Units.Length - 1; unit++)
            number /= 1024;
        return number.ToString(unit == 0 ? "0" : "0.0", CultureInfo.InvariantCulture) + " " + Units[unit];
    }

    /// <summary>How long ago, in one unit: <c>12s</c>, <c>5m</c>, <c>3h</c>, <c>8d</c>.</summary>
    public static string Age(DateTimeOffset? then, DateTimeOffset now)
    {
        if (then is not { } time)
            return "";
        var age = now - time;
        return age switch
        {
            { TotalMinutes: < 1 } => $"{Math.Max(0, (int)age.TotalSeconds)}s",
            { TotalHours: < 1 } => $"{(int)age.TotalMinutes}m",
            { TotalDays: < 1 } => $"{(int)age.TotalHours}h",
            _ => $"{(int)age.TotalDays}d",
        };
    }
}

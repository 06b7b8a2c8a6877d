using System.Globalization;

namespace Hypeman.Gateway.Values;

/// <summary>
/// Durations as the API writes them: numbers with units, added up, for example <c>"5m"</c>, <c>"1h30m"</c>,
/// <c>"1.5s"</c>, <c>"-2ms"</c>; a bare <c>"0"</c> needs no unit. The range is that of a 64-bit count of nanoseconds.
/// </summary>
internal static class GoDuration
{
    private static readonly (string Name, decimal Nanoseconds)[] Units =
    [
        ("ns", 1m),
        ("us", 1e3m),
        ("\u00b5s", 1e3m),
        ("\u03bcs", 1e3m),
        ("ms", 1e6m),
        ("s", 1e9m),
        ("m", 60e9m),
        ("h", 3600e9m),
    ];

    /// <summary>False with what is wrong and what would be right. Parts of 100 ns are dropped.</summary>
    public static bool TryParse(string text, out TimeSpan duration, out string problem)
    {
        duration = TimeSpan.Zero;
        problem = "";
        var negative = text.StartsWith('-');
        var position = negative || text.StartsWith('+') ? 1 : 0;
        if (text.AsSpan(position) is "0")
            return true;

        var nanoseconds = 0m;
        if (position == text.Length)
            problem = Malformed(text);
        while (position < text.Length && problem.Length == 0)
            nanoseconds += TakePart(text, ref position, out problem);
        if (problem.Length == 0 && nanoseconds > long.MaxValue)
            problem = TooLong(text);
        if (problem.Length > 0)
            return false;
        duration = TimeSpan.FromTicks((long)(nanoseconds / 100) * (negative ? -1 : 1));
        return true;
    }

    /// <summary>As Go writes it: <c>1h0m0s</c>, <c>2m30s</c>, <c>1.5s</c>, <c>300ms</c>, <c>0s</c>.</summary>
    public static string Format(TimeSpan duration)
    {
        if (duration < TimeSpan.Zero)
            return "-" + Format(-duration);
        var seconds = (duration.Ticks % TimeSpan.TicksPerMinute) / (decimal)TimeSpan.TicksPerSecond;
        return duration switch
        {
            { Ticks: 0 } => "0s",
            { TotalSeconds: < 1 } => Text(duration.Ticks / (decimal)TimeSpan.TicksPerMillisecond) + "ms",
            { TotalMinutes: < 1 } => $"{Text(seconds)}s",
            { TotalHours: < 1 } => $"{duration.Minutes}m{Text(seconds)}s",
            _ => $"{(long)duration.TotalHours}h{duration.Minutes}m{Text(seconds)}s",
        };

        static string Text(decimal number) => number.ToString("0.#######", CultureInfo.InvariantCulture);
    }

    /// <summary>Reads one number with its unit, in nanoseconds, and moves behind it.</summary>
    private static decimal TakePart(string text, ref int position, out string problem)
    {
        var start = position;
        while (position < text.Length && IsOfNumber(text[position]))
            position++;
        var isNumber = decimal.TryParse(
            text.AsSpan(start, position - start), NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var number);

        var unitStart = position;
        while (position < text.Length && !IsOfNumber(text[position]))
            position++;
        var unit = FindUnit(text.AsSpan(unitStart, position - unitStart));

        problem = !isNumber || unit == 0 ? Malformed(text) : number > long.MaxValue / unit ? TooLong(text) : "";
        return problem.Length == 0 ? number * unit : 0;
    }

    private static bool IsOfNumber(char character) => char.IsAsciiDigit(character) || character == '.';

    private static decimal FindUnit(ReadOnlySpan<char> name)
    {
        foreach (var unit in Units)
            if (name.SequenceEqual(unit.Name))
                return unit.Nanoseconds;
        return 0;
    }

    private static string Malformed(string text) =>
        $"\"{text}\" is not a duration; use numbers with the units ns, us, ms, s, m or h, for example \"1h30m\"";

    private static string TooLong(string text) => $"\"{text}\" is too long; the most is about 292 years";
}

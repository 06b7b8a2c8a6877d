using System.Buffers;
using System.CommandLine.Parsing;
using System.Globalization;

namespace Hypeman.Cli.Invocation;

/// <summary>Durations as the API writes them: <c>90s</c>, <c>5m</c>, <c>1h30m</c>, <c>500ms</c>.</summary>
internal static class Duration
{
    private static readonly SearchValues<char> NumberChars = SearchValues.Create("0123456789.");

    public static TimeSpan? TryParse(string text)
    {
        var total = TimeSpan.Zero;
        var rest = text.AsSpan();
        while (!rest.IsEmpty)
        {
            var digits = rest.IndexOfAnyExcept(NumberChars);
            if (digits <= 0 || !double.TryParse(rest[..digits], CultureInfo.InvariantCulture, out var number) || number > 1e9)
                return null;
            rest = rest[digits..];
            var letters = rest.IndexOfAnyInRange('0', '9') is var next and >= 0 ? next : rest.Length;
            var unit = rest[..letters] switch
            {
                "ms" => TimeSpan.FromMilliseconds(1),
                "s" => TimeSpan.FromSeconds(1),
                "m" => TimeSpan.FromMinutes(1),
                "h" => TimeSpan.FromHours(1),
                "d" => TimeSpan.FromDays(1),
                _ => TimeSpan.Zero,
            };
            if (unit == TimeSpan.Zero)
                return null;
            total += unit * number;
            rest = rest[letters..];
        }
        return total > TimeSpan.Zero ? total : null;
    }

    public static TimeSpan Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        if (TryParse(text) is { } duration)
            return duration;
        result.AddError($"'{text}' is no duration; write it like 90s, 5m or 1h30m.");
        return default;
    }
}

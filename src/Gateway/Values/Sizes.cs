using System.Globalization;

namespace Hypeman.Gateway.Values;

/// <summary>
/// Sizes and rates as the API writes them. Sizes count in powers of 1024 (<c>"512MB"</c>, <c>"5 GB"</c>); rates are a
/// size with <c>/s</c> or <c>ps</c> behind it; bandwidths may also be bits in powers of 1000 (<c>"1Gbps"</c>).
/// </summary>
internal static class Sizes
{
    private const string Prefixes = "KMGTPE";
    private static readonly string[] Words = ["kilobyte", "megabyte", "gigabyte", "terabyte", "petabyte", "exabyte"];

    /// <summary>Reads a number of bytes. False with what is wrong and what would be right.</summary>
    public static bool TryParseBytes(string text, out long bytes, out string problem)
    {
        bytes = 0;
        if (!TrySplit(text, out var number, out var unit, out problem))
            return false;
        if (unit.Length == 2 && unit[1] == 'b' && Prefixes.Contains(unit[0]))
        {
            problem = $"\"{text}\" is in bits; write {unit[0]}B for bytes";
            return false;
        }

        var power = PowerOf(unit);
        if (power is null)
        {
            problem = $"\"{text}\" has no known unit; use B, KB, MB, GB, TB, PB or EB, for example \"512MB\"";
            return false;
        }

        return TryScale(text, number, UInt128.One << (10 * power.Value), out bytes, out problem);
    }

    /// <summary>Reads bytes per second: a size, optionally with <c>/s</c> or <c>ps</c> behind it.</summary>
    public static bool TryParseRate(string text, out long bytesPerSecond, out string problem)
    {
        var size = text.EndsWith("/s", StringComparison.OrdinalIgnoreCase)
            || text.EndsWith("ps", StringComparison.OrdinalIgnoreCase) ? text[..^2] : text;
        return TryParseBytes(size, out bytesPerSecond, out problem);
    }

    /// <summary>Reads bytes per second, written as bits (<c>"100Mbps"</c>, decimal) or as bytes (<c>"125MB/s"</c>).</summary>
    public static bool TryParseBandwidth(string text, out long bytesPerSecond, out string problem)
    {
        if (!text.EndsWith("bps", StringComparison.OrdinalIgnoreCase))
            return TryParseRate(text, out bytesPerSecond, out problem);

        bytesPerSecond = 0;
        if (!TrySplit(text, out var number, out var unit, out problem))
            return false;
        UInt128? factor = unit.ToLowerInvariant() switch
        {
            "bps" => 1,
            "kbps" => 1_000,
            "mbps" => 1_000_000,
            "gbps" => 1_000_000_000,
            _ => null,
        };
        if (factor is null)
        {
            problem = $"\"{text}\" has no known unit; use bps, Kbps, Mbps or Gbps, or bytes such as \"125MB/s\"";
            return false;
        }

        if (!TryScale(text, number, factor.Value, out var bits, out problem))
            return false;
        bytesPerSecond = bits / 8;
        if (bits is > 0 and < 8)
            problem = $"\"{text}\" is less than one byte per second";
        return problem.Length == 0;
    }

    /// <summary>One decimal, and the next unit only when the number is larger than it: 1 GiB is <c>"1024.0 MB"</c>.</summary>
    public static string Print(long bytes)
    {
        for (var power = Prefixes.Length; power > 0; power--)
        {
            var unit = 1L << (10 * power);
            if (bytes > unit)
                return string.Create(CultureInfo.InvariantCulture, $"{(double)bytes / unit:0.0} {Prefixes[power - 1]}B");
        }

        return string.Create(CultureInfo.InvariantCulture, $"{bytes} B");
    }

    /// <summary>A size and <c>/s</c>; null for zero, which means no limit.</summary>
    public static string? PrintRate(long bytesPerSecond) => bytesPerSecond == 0 ? null : Print(bytesPerSecond) + "/s";

    private static bool TrySplit(string text, out UInt128 number, out string unit, out string problem)
    {
        var digits = 0;
        while (digits < text.Length && char.IsAsciiDigit(text[digits]))
            digits++;
        unit = text[digits..].Trim(' ');
        number = 0;
        problem = "";
        if (digits == 0)
            problem = $"\"{text}\" does not begin with a number; use a whole number and a unit, for example \"512MB\"";
        else if (text[digits..].StartsWith('.'))
            problem = $"\"{text}\" has a fraction; use a whole number of a smaller unit";
        else if (!UInt128.TryParse(text.AsSpan(0, digits), NumberStyles.None, CultureInfo.InvariantCulture, out number)
            || number > ulong.MaxValue)
            problem = TooLarge(text);
        return problem.Length == 0;
    }

    private static int? PowerOf(string unit)
    {
        var lower = unit.ToLowerInvariant();
        if (lower is "" or "b" or "byte")
            return 0;
        if (lower.Length <= 2)
        {
            var power = Prefixes.IndexOf(char.ToUpperInvariant(lower[0]), StringComparison.Ordinal) + 1;
            return power > 0 && (lower.Length == 1 || lower[1] == 'b') ? power : null;
        }

        var word = Array.IndexOf(Words, lower.TrimEnd('s')) + 1;
        return word > 0 && lower.Length - Words[word - 1].Length <= 1 ? word : null;
    }

    private static bool TryScale(string text, UInt128 number, UInt128 factor, out long value, out string problem)
    {
        // Both factors are below 2^64, so the product cannot wrap.
        var product = number * factor;
        var fits = product <= (UInt128)long.MaxValue;
        value = fits ? (long)product : 0;
        problem = fits ? "" : TooLarge(text);
        return fits;
    }

    private static string TooLarge(string text) => $"\"{text}\" is too large";
}

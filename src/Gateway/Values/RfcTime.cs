using System.Globalization;
using System.Text.RegularExpressions;

namespace Hypeman.Gateway.Values;

/// <summary>Moments as the API writes them (RFC 3339), for example <c>2026-08-21T18:00:00Z</c> or <c>2026-08-21T20:00:00.5+02:00</c>.</summary>
internal static partial class RfcTime
{
    /// <summary>False with what is wrong and what would be right. Parts of 100 ns are dropped.</summary>
    public static bool TryParse(string text, out DateTimeOffset moment, out string problem)
    {
        var parts = Pattern().Match(text);
        var fraction = parts.Groups["fraction"].Value;
        var precise = fraction.Length > Digits ? fraction[..Digits] : fraction;
        problem = "";
        if (parts.Success && DateTimeOffset.TryParse(
            $"{parts.Groups["date"]}T{parts.Groups["time"]}{precise}{parts.Groups["zone"]}",
            CultureInfo.InvariantCulture, DateTimeStyles.None, out moment))
            return true;
        moment = default;
        problem = $"\"{text}\" is not a time; write it with its zone, for example \"2026-08-21T18:00:00Z\"";
        return false;
    }

    /// <summary>A point and the digits that our own times keep.</summary>
    private const int Digits = 8;

    [GeneratedRegex(@"^(?<date>\d{4}-\d\d-\d\d)[Tt](?<time>\d\d:\d\d:\d\d)(?<fraction>\.\d+)?(?<zone>[Zz]|[+-]\d\d:\d\d)\z", RegexOptions.ExplicitCapture)]
    private static partial Regex Pattern();
}

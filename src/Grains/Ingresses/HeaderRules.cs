using System.Text.RegularExpressions;

namespace Hypeman.Grains.Ingresses;

/// <summary>Which headers can stand for a secret. Pure.</summary>
internal static partial class HeaderRules
{
    private const string Forwarded = "X-Forwarded-";

    /// <summary>They mean something to the proxy, to the instance, or to one hop only.</summary>
    private static readonly HashSet<string> Taken = new(StringComparer.OrdinalIgnoreCase)
    {
        "Authorization", "Cookie", "Host", "Content-Length", "Transfer-Encoding", "Forwarded", "X-Real-IP", "Connection", "Keep-Alive",
        "Proxy-Authenticate", "Proxy-Authorization", "Proxy-Connection", "TE", "Trailer", "Upgrade",
    };

    /// <summary>What is wrong with it, and what would be right; null when it can be used.</summary>
    public static string? WhyNot(string header) =>
        !Token().IsMatch(header) ? "must be the name of a header"
        : Taken.Contains(header) || header.StartsWith(Forwarded, StringComparison.OrdinalIgnoreCase)
            ? $"'{header}' cannot be used for this; choose a name of your own, for example X-Api-Key"
            : null;

    [GeneratedRegex(@"^[!#$%&'*+.^_`|~0-9A-Za-z-]{1,128}\z")]
    private static partial Regex Token();
}

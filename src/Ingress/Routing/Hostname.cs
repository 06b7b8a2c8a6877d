using System.Net;
using System.Net.Sockets;

namespace Hypeman.Ingress.Routing;

/// <summary>One spelling for each host, so that routes can be found by hash.</summary>
internal static class Hostname
{
    /// <summary>
    /// The host of a Host header or rule: without port, brackets and the root dot, in lower case. Empty when the
    /// header is empty or no host can be read from it.
    /// </summary>
    public static string Normalize(string header)
    {
        var text = header.AsSpan().Trim();
        if (text.StartsWith("["))
            return NormalizeIPv6(text);
        var colon = text.IndexOf(':');
        if (colon >= 0)
        {
            if (!IsPort(text[(colon + 1)..]))
                return "";
            text = text[..colon];
        }
        if (text.EndsWith("."))
            text = text[..^1];
        if (text.EndsWith("."))
            return "";
        return text.Length == header.Length && !text.ContainsAnyInRange('A', 'Z') ? header : text.ToString().ToLowerInvariant();
    }

    /// <summary>
    /// Whether a request target names a user before its host: who looks at it in a hurry takes the one for the other (RFC 9110,
    /// section 4.2.4).
    /// </summary>
    public static bool HasUser(string target)
    {
        const string afterScheme = "://";
        if (target.StartsWith('/') || target.IndexOf(afterScheme, StringComparison.Ordinal) is not (> 0 and var scheme))
            return false;
        var authority = target.AsSpan(scheme + afterScheme.Length);
        return (authority.IndexOfAny('/', '?') is >= 0 and var end ? authority[..end] : authority).Contains('@');
    }

    private static string NormalizeIPv6(ReadOnlySpan<char> text)
    {
        var end = text.IndexOf(']');
        if (end < 0 || !IPAddress.TryParse(text[1..end], out var address) || address.AddressFamily != AddressFamily.InterNetworkV6)
            return "";
        var rest = text[(end + 1)..];
        return rest.IsEmpty || (rest[0] == ':' && IsPort(rest[1..])) ? address.ToString() : "";
    }

    // "host:" with nothing after the colon is legal (RFC 3986, section 3.2.3).
    private static bool IsPort(ReadOnlySpan<char> text) => text.Length <= 5 && !text.ContainsAnyExceptInRange('0', '9');
}

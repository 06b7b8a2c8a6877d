using Hypeman.Contracts.Ingresses;

namespace Hypeman.Contracts.Certificates;

/// <summary>Which names the rules of ingresses need certificates for.</summary>
public static class CertificateName
{
    private const string Wildcard = "*.";

    /// <summary>The name for all hostnames that differ in the first label only; null when it has none before a parent with two labels.</summary>
    public static string? WildcardOver(string host) =>
        host.IndexOf('.') is > 0 and var dot && host.IndexOf('.', dot + 1) > 0 ? $"{Wildcard}{host[(dot + 1)..]}" : null;

    /// <summary>
    /// The one name that will do for all of a rule; null where each hostname gets its own when it is asked for first.
    /// </summary>
    /// <param name="host">Of the rule.</param>
    /// <param name="canBeWildcard">Whether names with an asterisk can be had.</param>
    public static string? Of(HostPattern host, bool canBeWildcard) =>
        host.IsLiteral ? host.ToString()
        : canBeWildcard && host.CaptureMask == 1 && host.Labels > 2 ? $"{Wildcard}{host.ToString().Split('.', 2)[1]}"
        : null;

    /// <summary>Whether a rule needs the certificate of a name.</summary>
    public static bool IsNeededBy(IngressRule rule, string name)
    {
        if (!rule.Tls)
            return false;
        var host = HostPattern.Parse(rule.Hostname);
        return name.StartsWith(Wildcard, StringComparison.Ordinal) ? Of(host, canBeWildcard: true) == name : host.Fits(name);
    }

    /// <summary>Whether the name is one of those that may have certificates.</summary>
    /// <param name="allowed">Hostnames, <c>*.example.com</c> for all with one label more, or <c>*</c> for all.</param>
    /// <param name="name">A hostname, or one with a pattern's capture or an asterisk as its first label.</param>
    public static bool IsAllowed(IEnumerable<string> allowed, string name) => allowed.Any(one =>
        one == "*" || one == name
        || (one.StartsWith(Wildcard, StringComparison.Ordinal) && name.IndexOf('.') is > 0 and var dot && name[(dot + 1)..] == one[Wildcard.Length..]));
}

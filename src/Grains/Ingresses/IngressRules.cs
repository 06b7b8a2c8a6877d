using System.Text.RegularExpressions;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Ingresses;

namespace Hypeman.Grains.Ingresses;

/// <summary>What an ingress may say. Pure: whether its targets exist and its hostnames are free is asked elsewhere.</summary>
internal static partial class IngressRules
{
    /// <summary>The rules as they are kept: hostnames in lower case.</summary>
    /// <exception cref="HypemanException"><c>bad_request</c>, naming the rule and what would be right.</exception>
    public static IngressSpec Check(IngressSpec spec)
    {
        Require(spec.Name.Length <= 63 && NamePattern().IsMatch(spec.Name),
            "name: must be 1 to 63 lower-case letters, digits and inner hyphens");
        Require(spec.Rules.Count > 0, "rules: at least one rule is needed");
        var rules = spec.Rules.Select((rule, at) => Check(rule, $"rules[{at}]")).ToList();
        foreach (var twice in rules.GroupBy(Claim).Where(group => group.Count() > 1))
            throw Bad($"rules: {twice.Key} is in more than one rule");
        return spec with { Rules = rules };
    }

    /// <summary>What only one ingress can hold.</summary>
    public static string Claim(IngressRule rule) => $"{rule.Hostname}:{rule.Port}";

    private static IngressRule Check(IngressRule rule, string at)
    {
        Require(!rule.Hostname.Contains('{') && !rule.Hostname.Contains('}'),
            $"{at}.match.hostname: patterns such as '{rule.Hostname}' are not supported yet; give a full hostname");
        Require(!rule.Hostname.StartsWith('*'), $"{at}.match.hostname: wildcards are not supported; give a full hostname");
        Require(rule.Hostname.Length <= 253 && HostnamePattern().IsMatch(rule.Hostname),
            $"{at}.match.hostname: '{rule.Hostname}' is not a hostname");
        Require(rule.Port is >= 1 and <= 65535, $"{at}.match.port: must be between 1 and 65535");
        Require(rule.TargetInstance.Length > 0, $"{at}.target.instance: must name an instance");
        Require(rule.TargetPort is >= 1 and <= 65535, $"{at}.target.port: must be between 1 and 65535");
        Require(!rule.RedirectHttp || rule.Tls, $"{at}.redirect_http: needs tls");
        Require(!rule.Tls, $"{at}.tls: needs ACME, which is not configured on this server");
        return rule with { Hostname = rule.Hostname.ToLowerInvariant() };
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
            throw Bad(message);
    }

    private static HypemanException Bad(string message) => HypemanException.Invalid("bad_request", message);

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    private static partial Regex NamePattern();

    [GeneratedRegex(@"^([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)*[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?$")]
    private static partial Regex HostnamePattern();
}

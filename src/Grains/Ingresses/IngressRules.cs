using System.Text.RegularExpressions;
using Hypeman.Contracts.Certificates;
using Hypeman.Contracts.Errors;
using Hypeman.Contracts.Ingresses;
using Hypeman.Grains.Certificates;

namespace Hypeman.Grains.Ingresses;

/// <summary>What an ingress may say. Pure: whether its targets exist and its hostnames are free is asked elsewhere.</summary>
internal static partial class IngressRules
{
    /// <summary>The rules as they are kept: hostnames in lower case.</summary>
    /// <exception cref="HypemanException"><c>bad_request</c>, naming the rule and what would be right.</exception>
    /// <param name="spec">As it was asked for.</param>
    /// <param name="certificates">For which names there can be TLS.</param>
    /// <param name="reserved">What no rule may take.</param>
    public static IngressSpec Check(IngressSpec spec, CertificatePolicy certificates, ReservedHostname reserved)
    {
        Require(spec.Name.Length <= 63 && NamePattern().IsMatch(spec.Name),
            "name: must be 1 to 63 lower-case letters, digits and inner hyphens");
        Require(spec.Rules.Count > 0, "rules: at least one rule is needed");
        var rules = spec.Rules.Select((rule, at) => Check(rule, $"rules[{at}]", certificates)).ToList();
        if (rules.Any(rule => rule.Hostname == reserved.Name))
            throw new HypemanException(ErrorKind.Conflict, "hostname_in_use", $"{reserved.Name} is the hostname of the API itself");
        foreach (var twice in rules.SelectMany(Claims).GroupBy(claim => claim).Where(group => group.Count() > 1))
            throw Bad($"rules: {twice.Key} is in more than one rule");
        return spec with { Rules = rules };
    }

    /// <summary>What only one ingress can hold: its host and port, and port 80 too where it sends callers from there to https.</summary>
    public static IEnumerable<string> Claims(IngressRule rule)
    {
        var shape = HostPattern.Parse(rule.Hostname).Shape;
        yield return $"{shape}:{rule.Port}";
        if (rule.RedirectHttp)
            yield return $"{shape}:{IngressRule.HttpPort}";
    }

    private static IngressRule Check(IngressRule rule, string at, CertificatePolicy certificates)
    {
        var host = Host(rule.Hostname, at);
        Require(rule.Port is >= 1 and <= 65535, $"{at}.match.port: must be between 1 and 65535");
        Require(rule.TargetInstance.Length > 0, $"{at}.target.instance: must name an instance");
        CheckCaptures(host, rule.TargetInstance, at);
        Require(rule.TargetPort is >= 1 and <= 65535, $"{at}.target.port: must be between 1 and 65535");
        Require(!rule.RedirectHttp || rule.Tls, $"{at}.redirect_http: needs tls");
        Require(!rule.RedirectHttp || rule.Port != IngressRule.HttpPort, $"{at}.redirect_http: needs another port than {IngressRule.HttpPort} for https");
        if (rule.Tls)
        {
            certificates.Require(host.ToString(), $"{at}.tls");
            CheckHostnames(host, rule.TargetInstance, certificates, at);
        }
        if (rule.HeaderAuth is { } auth && HeaderRules.WhyNot(auth.Header) is { } why)
            throw Bad($"{at}.request_header_auth.header: {why}");
        if (rule.WakeFilter is { } filter)
            CheckFilter(filter, $"{at}.wake_filter");
        return rule with { Hostname = host.ToString() };
    }

    /// <summary>Where each hostname gets a certificate of its own, there must be no more of them than there are instances.</summary>
    private static void CheckHostnames(HostPattern host, string target, CertificatePolicy certificates, string at)
    {
        if (CertificateName.Of(host, certificates.CanBeWildcard) is null
            && host.Captures.Except(HostPattern.NamedIn(target)).FirstOrDefault() is { } anything)
            throw Bad(
                $"{at}.tls: '{{{anything}}}' may be anything, and each hostname gets a certificate of its own; have the target name it too, "
                + "or set acme.dns_hook and capture the first label alone");
    }

    private static void CheckFilter(WakeFilter filter, string at)
    {
        CheckPatterns(filter.OnlyPaths, WakeFilter.WhyNotPath, $"{at}.only_paths");
        CheckPatterns(filter.ExceptPaths, WakeFilter.WhyNotPath, $"{at}.except_paths");
        CheckPatterns(filter.ExceptUserAgents, WakeFilter.WhyNot, $"{at}.except_user_agents");
    }

    private static void CheckPatterns(IReadOnlyList<string> patterns, Func<string, string?> whyNot, string at)
    {
        Require(patterns.Count <= WakeFilter.MostPatterns, $"{at}: may have {WakeFilter.MostPatterns} patterns, but has {patterns.Count}");
        for (var index = 0; index < patterns.Count; index++)
            if (whyNot(patterns[index]) is { } why)
                throw Bad($"{at}[{index}]: {why}");
    }

    private static HostPattern Host(string hostname, string at)
    {
        try
        {
            return HostPattern.Parse(hostname);
        }
        catch (FormatException wrong)
        {
            throw Bad($"{at}.match.hostname: {wrong.Message}");
        }
    }

    private static void CheckCaptures(HostPattern host, string target, string at)
    {
        var named = HostPattern.NamedIn(target).ToList();
        if (named.Except(host.Captures).FirstOrDefault() is { } unknown)
            throw Bad($"{at}.target.instance: '{{{unknown}}}' is not captured by the hostname '{host}'");
        Require(host.IsLiteral || named.Count > 0,
            $"{at}.target.instance: must be made of what '{host}' captures, for example '{{{host.Captures.FirstOrDefault()}}}'");
        Require(named.Count > 0 || !target.AsSpan().ContainsAny('{', '}'), $"{at}.target.instance: '{target}' is not the name of an instance");
    }

    private static void Require(bool holds, string message)
    {
        if (!holds)
            throw Bad(message);
    }

    private static HypemanException Bad(string message) => HypemanException.Invalid("bad_request", message);

    [GeneratedRegex("^[a-z0-9]([a-z0-9-]*[a-z0-9])?$")]
    private static partial Regex NamePattern();
}

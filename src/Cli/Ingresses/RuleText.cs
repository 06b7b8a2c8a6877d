using System.Globalization;
using Hypeman.Cli.Invocation;
using Hypeman.Client.Ingresses;

namespace Hypeman.Cli.Ingresses;

/// <summary>Rules as they are typed: <c>web.example.com:8081</c> leads to <c>web:80</c>.</summary>
internal static class RuleText
{
    public static IngressRule Parse(string host, string target)
    {
        var (hostname, port) = Split(host);
        var (instance, targetPort) = Split(target);
        if (hostname.Length == 0 || instance.Length == 0)
            throw new CliException($"'{host}' to '{target}' is no rule.", "Write --host HOST[:PORT] --to INSTANCE:PORT.", ExitCode.Usage);
        if (targetPort is null)
            throw new CliException($"--to {target} lacks the port the program listens on.", $"Write it like --to {instance}:80.", ExitCode.Usage);
        return new IngressRule(new IngressMatch(hostname, port), new IngressTarget(instance, targetPort.Value));
    }

    public static string Write(IngressRule rule) =>
        $"{(rule.Tls == true ? "https://" : "")}{rule.Match.Hostname}{PortText(rule)} -> {rule.Target.Instance}:{rule.Target.Port}";

    /// <summary>The rule with all that is special about it.</summary>
    public static string Describe(IngressRule rule)
    {
        var special = Special(rule).ToList();
        return special.Count == 0 ? Write(rule) : $"{Write(rule)} ({string.Join("; ", special)})";
    }

    private static IEnumerable<string> Special(IngressRule rule)
    {
        if (rule.RedirectHttp == true)
            yield return "sends callers of port 80 here";
        if (rule.RequestHeaderAuth is { } auth)
            yield return $"asks for the header {auth.Header}";
        if (rule.Wake is { } wake and not "standby")
            yield return wake == "never" ? "wakes nobody" : $"wakes also from {wake}";
        if (rule.WakeFilter?.OnlyPaths is { Count: > 0 } only)
            yield return $"wakes for {string.Join(", ", only)}";
        if (rule.WakeFilter?.ExceptPaths is { Count: > 0 } except)
            yield return $"does not wake for {string.Join(", ", except)}";
        if (rule.WakeFilter?.ExceptUserAgents is { Count: > 0 } agents)
            yield return $"does not wake for callers {string.Join(", ", agents)}";
    }

    private static string PortText(IngressRule rule) => rule.Match.Port is { } port && port != (rule.Tls == true ? 443 : 80) ? $":{port}" : "";

    private static (string Name, int? Port) Split(string text)
    {
        var colon = text.LastIndexOf(':');
        if (colon < 0)
            return (text, null);
        return int.TryParse(text.AsSpan(colon + 1), NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port is > 0 and <= 65535
            ? (text[..colon], port)
            : throw new CliException($"'{text[(colon + 1)..]}' in '{text}' is no port.", "Ports are 1 to 65535.", ExitCode.Usage);
    }
}

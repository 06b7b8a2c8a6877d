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

using System.CommandLine;
using System.CommandLine.Parsing;
using System.Globalization;
using Hypeman.Client.Instances;

namespace Hypeman.Cli.Instances;

/// <summary>Health checks as people write them: <c>http:8080/healthz</c>, <c>tcp:5432</c>, <c>exec:COMMAND</c>, <c>none</c>.</summary>
internal static class HealthText
{
    public static Option<HealthCheck?> Option() => new("--health")
    {
        Description = "Probe it: http:PORT/PATH must answer with 200, tcp:PORT take a connection, exec:COMMAND end well; none: not at all",
        HelpName = "check",
        CustomParser = Parse,
    };

    /// <summary>Nothing of one that is not probed.</summary>
    public static string? Print(HealthStatus? status) => status switch
    {
        null or { Status: "disabled" } => null,
        { Status: "unhealthy", LastError: { } error } => $"unhealthy: {error}",
        _ => status.Status,
    };

    private static HealthCheck? Parse(ArgumentResult result)
    {
        var text = result.Tokens.Count > 0 ? result.Tokens[0].Value : "";
        var (type, rest) = text.Split(':', 2) is [var first, var more] ? (first, more) : (text, "");
        var slash = rest.IndexOf('/');
        var (port, path) = type == "http" && slash >= 0 ? (rest[..slash], rest[slash..]) : (rest, null);
        var number = int.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var parsed) ? parsed : (int?)null;
        HealthCheck? check = (type, number) switch
        {
            ("none", _) when rest.Length == 0 => new HealthCheck("none"),
            ("http", { } at) => new HealthCheck("http", Http: new HttpCheck(at, path)),
            ("tcp", { } at) => new HealthCheck("tcp", Tcp: new TcpCheck(at)),
            ("exec", _) when rest.Length > 0 => new HealthCheck("exec", Exec: new ExecCheck(["/bin/sh", "-c", rest])),
            _ => null,
        };
        if (check is null)
            result.AddError($"'{text}' is no health check; write http:8080/healthz, tcp:5432, exec:COMMAND or none.");
        return check;
    }
}

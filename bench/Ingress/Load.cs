using System.Globalization;
using System.Text.RegularExpressions;
using Hypeman.NodeRuntime.Linux;

namespace Hypeman.Bench.Ingress;

/// <summary>What one run of wrk has measured.</summary>
/// <param name="PerSecond">Requests that were answered.</param>
/// <param name="P99">Milliseconds in which all but one in a hundred were.</param>
/// <param name="Failed">Requests that were not, or not with success.</param>
internal sealed record Load(double PerSecond, double P99, int Failed)
{
    /// <param name="url">What to ask for.</param>
    /// <param name="connections">That are open at a time.</param>
    /// <param name="seconds">How long.</param>
    /// <param name="script">Of wrk; null asks for the first hostname always.</param>
    /// <param name="cancellationToken">Gives up.</param>
    public static async Task<Load> RunAsync(Uri url, int connections, int seconds, string? script, CancellationToken cancellationToken)
    {
        string[] which = script is null ? ["-H", $"Host: {(url.Scheme == Uri.UriSchemeHttps ? url.Host : Hosts.Of(0))}"] : ["-s", script];
        var said = await new Command(
            "wrk", ["--latency", "-t1", $"-c{connections}", $"-d{seconds}s", .. which, url.AbsoluteUri])
        { Timeout = TimeSpan.FromSeconds(seconds + 30) }.RunAsync(cancellationToken);
        var rate = Number(Regex.Match(said, @"Requests/sec:\s+([\d.]+)").Groups[1].Value);
        var p99 = Regex.Match(said, @"99%\s+([\d.]+)(us|ms|s)");
        var unit = p99.Groups[2].Value switch { "us" => 0.001, "ms" => 1, _ => 1000 };
        var failures = Regex.Matches(said, @"(?:Non-2xx or 3xx responses: |connect |read |write |timeout )(\d+)");
        var failed = failures.Sum(match => (int)Number(match.Groups[1].Value));
        return new Load(rate, Number(p99.Groups[1].Value) * unit, failed);
    }

    private static double Number(string text) => double.Parse(text, CultureInfo.InvariantCulture);
}

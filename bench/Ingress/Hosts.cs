using System.Globalization;

namespace Hypeman.Bench.Ingress;

/// <summary>The hostnames that the proxies serve.</summary>
internal static class Hosts
{
    /// <summary>The one with TLS: wrk names in its handshake whom it connects to.</summary>
    public const string OfTls = "localhost";

    public static string Of(int number) => $"h{number.ToString(CultureInfo.InvariantCulture)}.bench.example";

    /// <summary>All of them.</summary>
    public static IReadOnlyList<string> Of(int routes, bool isTls) => isTls ? [OfTls] : [.. Enumerable.Range(0, routes).Select(Of)];
}

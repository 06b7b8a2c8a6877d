using System.Buffers.Text;
using System.Globalization;
using System.Net;
using Hypeman.Certificates.Acme;
using Hypeman.Certificates.Issuance;
using Hypeman.Contracts.Snapshots;

namespace Hypeman.Silo.Configuration;

/// <summary>Reads what people write for a setting. Every refusal says what would be right.</summary>
internal static class SettingText
{
    private static readonly string[] RoleNames = ["control", "node", "gateway", "ingress"];

    public static string Required(string text) =>
        string.IsNullOrWhiteSpace(text) ? throw new FormatException("must not be empty") : text;

    public static int Port(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var port) && port <= IPEndPoint.MaxPort
            ? port
            : throw new FormatException($"'{text}' is not a port; use 1 to 65535, or 0 for a free one");

    public static int AtLeastOne(string text) =>
        int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0
            ? number
            : throw new FormatException($"'{text}' is not a whole number above 0");

    public static bool YesOrNo(string text) =>
        bool.TryParse(text, out var value) ? value : throw new FormatException($"'{text}' is neither true nor false");

    /// <summary>One of the words of an enumeration, in lower case.</summary>
    public static T Word<T>(string text)
        where T : struct, Enum =>
        Enum.GetNames<T>().FirstOrDefault(name => name.Equals(text, StringComparison.OrdinalIgnoreCase)) is { } found
            ? Enum.Parse<T>(found)
            : throw new FormatException($"'{text}' is none of {string.Join(", ", Enum.GetNames<T>()).ToLowerInvariant()}");

    /// <summary>How hard an algorithm tries; empty takes its default.</summary>
    public static int LevelFor(SnapshotAlgorithm algorithm, string text)
    {
        var (least, most, otherwise) = SnapshotCompression.LevelsOf(algorithm);
        if (text.Length == 0)
            return otherwise;
        return int.TryParse(text, NumberStyles.None, CultureInfo.InvariantCulture, out var level) && level >= least && level <= most
            ? level
            : throw new FormatException($"'{text}' is no level of {algorithm.ToString().ToLowerInvariant()}; use {least} to {most}");
    }

    public static string Address(string text) =>
        text == "*" || IPAddress.TryParse(text, out _)
            ? text
            : throw new FormatException($"'{text}' is not an IP address; use one, or * for all");

    public static IReadOnlyList<string> List(string text) =>
        text.Split(',', StringSplitOptions.TrimEntries | StringSplitOptions.RemoveEmptyEntries);

    /// <summary>A list of <c>key=value</c>.</summary>
    public static IReadOnlyDictionary<string, string> Pairs(string text)
    {
        var pairs = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach (var pair in List(text))
            if (pair.Split('=', 2) is not [{ Length: > 0 } key, var value] || !pairs.TryAdd(key, value))
                throw new FormatException($"'{pair}' is not a key with its value, or its key is there twice; write for example zone=a,disk=ssd");
        return pairs;
    }

    public static SiloRoles Roles(string text)
    {
        var roles = SiloRoles.None;
        foreach (var name in List(text))
        {
            var at = Array.IndexOf(RoleNames, name.ToLowerInvariant());
            if (at < 0)
                throw new FormatException($"'{name}' is not a role; there are {string.Join(", ", RoleNames)}");
            roles |= (SiloRoles)(1 << at);
        }
        return roles == SiloRoles.None ? throw new FormatException($"must name a role of {string.Join(", ", RoleNames)}") : roles;
    }

    public static LogLevel Level(string text) => text.ToLowerInvariant() switch
    {
        "trace" => LogLevel.Trace,
        "debug" => LogLevel.Debug,
        "info" or "information" => LogLevel.Information,
        "warn" or "warning" => LogLevel.Warning,
        "error" => LogLevel.Error,
        _ => throw new FormatException($"'{text}' is not a level; there are trace, debug, info, warning, error"),
    };

    /// <summary>Null for a CA of our own.</summary>
    public static Uri? AcmeDirectory(string text) => text switch
    {
        "" => AcmeOptions.LetsEncrypt,
        "development" => null,
        _ => Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttps
            ? url
            : throw new FormatException($"'{text}' is no https URL; give the issuer's directory, or 'development' for a CA of our own"),
    };

    public static Uri HttpUrl(string text) =>
        Uri.TryCreate(text, UriKind.Absolute, out var url) && url.Scheme == Uri.UriSchemeHttp && url.PathAndQuery == "/"
            ? new Uri(url.GetLeftPart(UriPartial.Authority))
            : throw new FormatException($"'{text}' is not of the form http://HOST:PORT");

    public static IReadOnlyList<ChallengeKind> Challenges(string text) => List(text) is { Count: > 0 } words
        ? [.. words.Select(word => word switch
        {
            "http-01" => ChallengeKind.Http01,
            "tls-alpn-01" => ChallengeKind.TlsAlpn01,
            _ => throw new FormatException($"'{word}' is no challenge; there are http-01 and tls-alpn-01 (dns-01 comes with acme.dns_hook)"),
        })]
        : throw new FormatException("must name at least one of http-01 and tls-alpn-01");

    public static ExternalAccount? ExternalAccount(string text)
    {
        if (text.Length == 0)
            return null;
        return text.Split(':', 2) is [{ Length: > 0 } id, { Length: > 0 } key] && Base64Url.IsValid(key)
            ? new ExternalAccount(id, Base64Url.DecodeFromChars(key))
            : throw new FormatException("must be KEY-ID:KEY as the issuer gives them, the key in base64url");
    }

    /// <summary>A whole number and s, m, h or d.</summary>
    public static TimeSpan Duration(string text)
    {
        var seconds = text.Length > 1 ? text[^1] switch { 's' => 1, 'm' => 60, 'h' => 3600, 'd' => 86400, _ => 0 } : 0;
        return seconds > 0 && int.TryParse(text[..^1], NumberStyles.None, CultureInfo.InvariantCulture, out var count) && count > 0
            ? TimeSpan.FromSeconds((double)seconds * count)
            : throw new FormatException($"'{text}' is not a duration; write for example 30m, 24h or 7d");
    }
}

using System.Buffers;
using System.Globalization;

namespace Hypeman.NodeRuntime.Images;

/// <summary>What each part of a reference may look like. Every check gives null, or the reason why not.</summary>
internal static class ImageReferenceGrammar
{
    private const int MaxTextLength = 1024;
    private const int MaxRepositoryLength = 255;
    private const int MaxTagLength = 128;

    private static readonly SearchValues<char> AddressCharacters = SearchValues.Create("0123456789abcdefABCDEF:");

    public static string? CheckText(string text) => text switch
    {
        "" => "an image reference must not be empty",
        { Length: > MaxTextLength } => $"an image reference has at most {MaxTextLength} characters",
        _ when Digest.IsHex(text) =>
            "64 hexadecimal digits are an identifier, not an image reference; write 'name@sha256:...'",
        _ => null,
    };

    public static string? CheckRegistry(string registry)
    {
        var (host, port) = SplitPort(registry);
        if (port is not null && !(ushort.TryParse(port, NumberStyles.None, CultureInfo.InvariantCulture, out var number) && number > 0))
            return $"'{port}' is no port of a registry: a number from 1 to 65535 is expected";
        var isHost = host is ['[', .. var address, ']']
            ? address.Length > 0 && !address.AsSpan().ContainsAnyExcept(AddressCharacters)
            : Array.TrueForAll(host.Split('.'), IsHostLabel);
        return isHost ? null : $"'{registry}' is no registry: a host name with an optional ':port' is expected";
    }

    public static string? CheckRepository(string repository)
    {
        if (repository.Length == 0)
            return "the repository name is missing";
        if (repository.AsSpan().ContainsAnyInRange('A', 'Z'))
            return $"repository name '{repository}' must be lower-case";
        if (repository.Length > MaxRepositoryLength)
            return $"a repository name has at most {MaxRepositoryLength} characters";
        foreach (var component in repository.Split('/'))
            if (!IsPathComponent(component))
                return $"'{component}' in repository name '{repository}' is wrong: lower-case letters and digits are "
                    + "expected, joined by '.', '_', '__' or dashes";
        return null;
    }

    public static string? CheckTag(string tag)
    {
        var isTag = tag.Length is > 0 and <= MaxTagLength && tag[0] is not ('.' or '-');
        foreach (var c in tag)
            isTag &= char.IsAsciiLetterOrDigit(c) || c is '_' or '.' or '-';
        return isTag
            ? null
            : $"tag '{tag}' is wrong: up to {MaxTagLength} letters, digits, '_', '.', '-' are expected, the first no '.' or '-'";
    }

    public static string? CheckDigest(string digest) => Digest.TryParse(digest, out _)
        ? null
        : $"digest '{digest}' is wrong: 'sha256:' and 64 lower-case hexadecimal digits are expected";

    private static (string Host, string? Port) SplitPort(string registry)
    {
        var colon = registry.LastIndexOf(':');
        return colon < 0 || registry.EndsWith(']') ? (registry, null) : (registry[..colon], registry[(colon + 1)..]);
    }

    private static bool IsHostLabel(string label)
    {
        if (label is "" or ['-', ..] or [.., '-'])
            return false;
        foreach (var c in label)
            if (!char.IsAsciiLetterOrDigit(c) && c != '-')
                return false;
        return true;
    }

    /// <summary>Runs of letters and digits, joined by one dot, one or two underscores, or any number of dashes.</summary>
    private static bool IsPathComponent(string component)
    {
        var i = 0;
        while (true)
        {
            var start = i;
            while (i < component.Length && (char.IsAsciiLetterLower(component[i]) || char.IsAsciiDigit(component[i])))
                i++;
            if (i == start)
                return false;
            if (i == component.Length)
                return true;

            var separator = i;
            while (i < component.Length && component[i] == component[separator])
                i++;
            var isJoin = (component[separator], i - separator) is ('.', 1) or ('_', 1 or 2) or ('-', _);
            if (!isJoin)
                return false;
        }
    }
}

using System.IO.Enumeration;

namespace Hypeman.Contracts.Ingresses;

/// <summary>
/// Which requests are worth waking an instance for: not every probe of a monitor or scan for holes is. In patterns, <c>*</c> stands
/// for any characters and <c>?</c> for one.
/// </summary>
[GenerateSerializer, Immutable, Alias("hypeman.wake-filter")]
public sealed record WakeFilter
{
    public const int MostPatterns = 64, LongestPattern = 256;

    /// <summary>Patterns of paths, without the query; empty: all paths.</summary>
    [Id(0)] public IReadOnlyList<string> OnlyPaths { get; init; } = [];

    /// <summary>Patterns of paths that do not wake even so.</summary>
    [Id(1)] public IReadOnlyList<string> ExceptPaths { get; init; } = [];

    /// <summary>Patterns of the User-Agent header, in any case; a request without that header has an empty one.</summary>
    [Id(2)] public IReadOnlyList<string> ExceptUserAgents { get; init; } = [];

    /// <param name="path">Decoded.</param>
    /// <param name="userAgent">As it was sent.</param>
    public bool Passes(string path, string userAgent) =>
        (OnlyPaths.Count == 0 || IsOneOf(OnlyPaths, path, ignoreCase: false))
        && !IsOneOf(ExceptPaths, path, ignoreCase: false)
        && !IsOneOf(ExceptUserAgents, userAgent, ignoreCase: true);

    /// <summary>What is wrong with a pattern of paths, and what would be right; null when nothing is.</summary>
    public static string? WhyNotPath(string pattern) =>
        WhyNot(pattern) ?? (pattern.StartsWith('/') || pattern.StartsWith('*') ? null : $"'{pattern}' fits no path; begin it with / or *");

    /// <inheritdoc cref="WhyNotPath"/>
    public static string? WhyNot(string pattern) => pattern.Length <= LongestPattern ? null : $"a pattern has at most {LongestPattern} characters";

    private static bool IsOneOf(IReadOnlyList<string> patterns, string text, bool ignoreCase)
    {
        foreach (var pattern in patterns)
            if (FileSystemName.MatchesSimpleExpression(pattern, text, ignoreCase))
                return true;
        return false;
    }
}

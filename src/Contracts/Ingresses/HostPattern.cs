using System.Text.RegularExpressions;

namespace Hypeman.Contracts.Ingresses;

/// <summary>
/// The hostname of a rule, in lower case: labels that stand for themselves, and captures such as <c>{instance}</c> that stand
/// for whatever label is in their place.
/// </summary>
public sealed partial class HostPattern
{
    private const string AnyLabel = "{}";
    private const int MaxLength = 253, MaxLabel = 63, FewestLabels = 2;

    /// <summary>Of a pattern; a longer hostname fits none.</summary>
    public const int MostLabels = 16;

    private readonly string[] _labels;

    private HostPattern(string[] labels)
    {
        _labels = labels;
        for (var at = 0; at < labels.Length; at++)
            if (IsCapture(labels[at]))
                CaptureMask |= 1u << at;
    }

    /// <summary>What its captures are called, in their order.</summary>
    public IEnumerable<string> Captures => _labels.Where((_, at) => IsCaptureAt(at)).Select(NameOf);

    public bool IsLiteral => CaptureMask == 0;

    public int Labels => _labels.Length;

    /// <summary>The labels that are captures, the first one is the lowest bit.</summary>
    public uint CaptureMask { get; }

    /// <summary>The same for two patterns that the same hostnames fit.</summary>
    public string Shape => ShapeOf(_labels, CaptureMask);

    public override string ToString() => string.Join('.', _labels);

    /// <exception cref="FormatException">What is wrong with it, and what would be right.</exception>
    public static HostPattern Parse(string text)
    {
        if (text.StartsWith('*'))
            throw new FormatException("wildcards are not supported; name the label instead, for example '{instance}.example.com'");
        var labels = text.Split('.').Select(label => label.StartsWith('{') ? label : label.ToLowerInvariant()).ToArray();
        if (text.Length > MaxLength || labels.Any(label => !IsCapture(label) && !IsLabel(label)))
            throw new FormatException(text.AsSpan().ContainsAny('{', '}')
                ? $"'{text}' is not a hostname pattern: a capture such as '{{instance}}' is a whole label, named by letters, digits and underscores"
                : $"'{text}' is not a hostname");
        if (labels.Any(IsCapture) && labels.Length is (< FewestLabels or > MostLabels))
            throw new FormatException($"'{text}' has {labels.Length} labels; a pattern has {FewestLabels} to {MostLabels}");
        var pattern = new HostPattern(labels);
        if (pattern.Captures.GroupBy(name => name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new FormatException($"'{text}' has the capture '{{{twice.Key}}}' twice");
        return pattern;
    }

    /// <summary>The hostname with any label in the places of a mask; two hosts that a pattern fits have the same.</summary>
    public static string ShapeOf(string[] labels, uint mask) =>
        string.Join('.', labels.Select((label, at) => (mask >> at & 1) == 0 ? label : AnyLabel));

    /// <summary>
    /// A text in which each capture, written as <c>{name}</c>, is what stands in its place in a hostname of this shape; null
    /// when that is no label.
    /// </summary>
    public string? Fill(string template, string[] host)
    {
        for (var at = 0; at < _labels.Length; at++)
        {
            if (!IsCaptureAt(at))
                continue;
            if (!IsLabel(host[at]))
                return null;
            template = template.Replace(_labels[at], host[at], StringComparison.Ordinal);
        }
        return template;
    }

    /// <summary>Whether it stands for this hostname, which is in lower case.</summary>
    public bool Fits(string host)
    {
        var labels = host.Split('.', MostLabels + 1);
        if (IsLiteral || labels.Length != _labels.Length)
            return IsLiteral && host == ToString();
        for (var at = 0; at < labels.Length; at++)
            if (IsCaptureAt(at) ? !IsLabel(labels[at]) : labels[at] != _labels[at])
                return false;
        return true;
    }

    /// <summary>The captures that a text names.</summary>
    public static IEnumerable<string> NamedIn(string template) => CaptureInText().Matches(template).Select(match => match.Groups[1].Value);

    private bool IsCaptureAt(int at) => (CaptureMask >> at & 1) != 0;

    private static bool IsCapture(string label) => CaptureAlone().IsMatch(label);

    private static string NameOf(string capture) => capture[1..^1];

    private static bool IsLabel(string label) => label.Length <= MaxLabel && LabelAlone().IsMatch(label);

    [GeneratedRegex(@"^\{[a-zA-Z_][a-zA-Z0-9_]*\}\z")]
    private static partial Regex CaptureAlone();

    [GeneratedRegex(@"\{([a-zA-Z_][a-zA-Z0-9_]*)\}")]
    private static partial Regex CaptureInText();

    [GeneratedRegex(@"^[a-z0-9]([a-z0-9-]*[a-z0-9])?\z")]
    private static partial Regex LabelAlone();
}

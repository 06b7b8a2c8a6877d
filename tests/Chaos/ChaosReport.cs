using System.Globalization;
using System.Text;
using System.Text.Json;

namespace Hypeman.Tests.Chaos;

/// <summary>A fault and what came of it.</summary>
/// <param name="Kind">Of the fault.</param>
/// <param name="Name">Of the fault.</param>
/// <param name="AnsweredAfter">From the fault until a call about an instance of an affected node was answered; null where none was affected.</param>
/// <param name="WellAfter">From the beginning of the mending until all that is checked held; null when it never did.</param>
/// <param name="Calls">Made meanwhile.</param>
/// <param name="Refused">Calls that ended in a clear error or, where their gateway was broken, in none.</param>
/// <param name="Instances">That exist afterwards.</param>
/// <param name="Vms">That run afterwards.</param>
internal sealed record ChaosRound(
    string Kind, string Name, TimeSpan? AnsweredAfter, TimeSpan? WellAfter, int Calls, int Refused, int Instances, int Vms)
{
    public string ToText(IFormatProvider format) => string.Create(format, $"""
        {"  "}{(AnsweredAfter is { } answered ? $"answered after {answered.TotalSeconds:0.0} s; " : "")}{(WellAfter is { } well
            ? $"well {well.TotalSeconds:0.0} s after mending began" : "NOT well again")}; {Calls} calls, {Refused} refused; {Instances} instances, {Vms} VMs
        """);
}

/// <summary>All that a run found.</summary>
internal sealed record ChaosReport(int Seed, IReadOnlyList<ChaosRound> Rounds, int Calls, IReadOnlyList<string> Violations)
{
    private static readonly JsonSerializerOptions Json = new() { WriteIndented = true, PropertyNamingPolicy = JsonNamingPolicy.SnakeCaseLower };

    public string ToJson() => JsonSerializer.Serialize(this, Json);

    public string ToText(CultureInfo culture)
    {
        var text = new StringBuilder();
        text.AppendLine(culture, $"{"what was broken",-18} {"times",5} {"answered after, s",18} {"well after, s",15}");
        foreach (var kind in Rounds.GroupBy(round => round.Kind))
        {
            var (answered, well) = (Range(kind.Select(round => round.AnsweredAfter), culture), Range(kind.Select(round => round.WellAfter), culture));
            text.AppendLine(culture, $"{kind.Key,-18} {kind.Count(),5} {answered,18} {well,15}");
        }
        text.AppendLine("Checked after each: nodes ready; acknowledged orders hold; one home, at most one VM, which answers; nothing left of what is gone.");
        foreach (var violation in Violations)
            text.AppendLine(culture, $"WRONG: {violation}");
        text.Append(culture, $"seed={Seed} rounds={Rounds.Count} calls={Calls} violations={Violations.Count}");
        return text.ToString();
    }

    private static string Range(IEnumerable<TimeSpan?> spans, CultureInfo culture)
    {
        var seconds = spans.OfType<TimeSpan>().Select(span => span.TotalSeconds).Order().ToList();
        return seconds.Count == 0 ? "-" : string.Create(culture, $"{seconds[0]:0.0} to {seconds[^1]:0.0}");
    }
}

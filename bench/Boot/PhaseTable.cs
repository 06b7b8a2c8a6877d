using System.Globalization;
using System.Text.RegularExpressions;
using Hypeman.Bench.Reports;

namespace Hypeman.Bench.Boot;

/// <summary>Where the time of our boots goes, from the operations logs of the instances.</summary>
internal static partial class PhaseTable
{
    public static IEnumerable<string[]> Rows(IReadOnlyList<IReadOnlyList<string>> trails) =>
        trails.SelectMany(trail => trail)
            .Select(line => Step().Match(line))
            .Where(match => match.Success)
            .GroupBy(match => match.Groups[1].Value, match => double.Parse(match.Groups[2].Value, CultureInfo.InvariantCulture))
            .Select(group => (group.Key, Figures: new Figures([.. group])))
            .Select(phase => new[] { phase.Key, Figures.Text(phase.Figures.Median), Figures.Text(phase.Figures.Min), Figures.Text(phase.Figures.Max) });

    [GeneratedRegex(@"(?:^|\s)([a-z_ -]+): ([0-9.]+) ms$")]
    private static partial Regex Step();
}

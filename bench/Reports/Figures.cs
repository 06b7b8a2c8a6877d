using System.Globalization;

namespace Hypeman.Bench.Reports;

/// <summary>Milliseconds of several runs of one thing.</summary>
internal sealed record Figures(IReadOnlyList<double> Milliseconds)
{
    public double Median
    {
        get
        {
            var sorted = Milliseconds.Order().ToList();
            var middle = sorted.Count / 2;
            return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    public double Min => Milliseconds.Min();
    public double Max => Milliseconds.Max();

    public static string Text(double milliseconds) => milliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}

using System.Globalization;

namespace Hypeman.Bench.Reports;

/// <summary>Milliseconds of several runs of one thing.</summary>
internal sealed record Figures(IReadOnlyList<double> Milliseconds)
{
    private readonly Lazy<List<double>> _sorted = new(() => [.. Milliseconds.Order()]);

    public double Median
    {
        get
        {
            var sorted = _sorted.Value;
            var middle = sorted.Count / 2;
            return sorted.Count % 2 == 1 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2;
        }
    }

    public double Min => _sorted.Value[0];
    public double Max => _sorted.Value[^1];

    /// <summary>So large a part of the runs took no longer.</summary>
    public double At(double part) => _sorted.Value[(int)((_sorted.Value.Count - 1) * part)];

    /// <summary>Median, and from the least to the most.</summary>
    public override string ToString() => $"{Text(Median)} ({Text(Min)} to {Text(Max)})";

    /// <summary>Bytes in MiB.</summary>
    public static string Mib(double bytes) => (bytes / (1 << 20)).ToString("0.0", CultureInfo.InvariantCulture);

    public static string Text(double milliseconds) => milliseconds.ToString("0.0", CultureInfo.InvariantCulture);
}

using System.Globalization;
using Spectre.Console;

namespace Hypeman.Bench.Reports;

/// <summary>A table for people, and last one line of <c>key=value</c> pairs for scripts.</summary>
internal static class Report
{
    public static void Table(string title, string[] columns, IEnumerable<string[]> rows)
    {
        var table = new Table().Title(title).Border(TableBorder.Simple);
        foreach (var column in columns)
            table.AddColumn(column);
        foreach (var row in rows)
            table.AddRow(row.Select(Markup.Escape).ToArray());
        AnsiConsole.Write(table);
    }

    public static void Line(params (string Key, double Value)[] pairs) => Console.WriteLine(
        string.Join(' ', pairs.Select(pair => $"{pair.Key}={pair.Value.ToString("0.###", CultureInfo.InvariantCulture)}")));
}

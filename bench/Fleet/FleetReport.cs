using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using Hypeman.Bench.Reports;
using Spectre.Console;

namespace Hypeman.Bench.Fleet;

/// <summary>Says what came of a run: tables for people, or one document.</summary>
internal static class FleetReport
{
    private const double Mib = 1 << 20;

    /// <summary>Of the widest table; where the output is no terminal, 80 columns would be taken for its width.</summary>
    private const int Columns = 140;

    public static void Write(FleetFigures figures)
    {
        if (figures.Plan.Json)
            Console.WriteLine(JsonSerializer.Serialize(Document(figures), Json));
        else
            WriteTables(figures);
        Report.Line(Summary(figures));
    }

    // A cold start may last for ever.
    private static readonly JsonSerializerOptions Json = new() { NumberHandling = JsonNumberHandling.AllowNamedFloatingPointLiterals };

    private static (string, double)[] Summary(FleetFigures figures)
    {
        var last = figures.Sizes[^1];
        return
        [
            ("placements_per_s", figures.PlacementsPerSecond), ("get_p99_ms", last.Get.At(0.99)), ("list_tag_p99_ms", last.ListByTag.At(0.99)),
            ("roundtrip_ms", last.Roundtrip.Median), ("bytes_per_instance", figures.BytesPerInstance), ("growth", figures.Growth),
        ];
    }

    private static void WriteTables(FleetFigures figures)
    {
        AnsiConsole.Profile.Width = Math.Max(AnsiConsole.Profile.Width, Columns);
        var plan = figures.Plan;
        Report.Table($"Creates by POST /instances, {plan.Clients} at a time, {plan.Nodes} nodes on {plan.Silos} silos; CPU, commits and WAL of one create",
            ["instances", "creates/s", "answer p50 ms", "p99 ms", "silos ms", "PostgreSQL ms", "client ms", "commits", "WAL bytes"],
            figures.Sizes.Select(FillRow));
        Report.Table("Calls one after the other, milliseconds: p50 / p95 / p99",
            ["instances", "get", "list by tag (20)", "list by state (20)", "create to Running", "SELECT 1"], figures.Sizes.Select(CallRow));
        Report.Table("The list of everything", ["instances", "first byte ms", "whole ms", "MiB", "silos grow by MiB"], figures.Sizes.Select(ListRow));
        Report.Table("At rest: all silos together; shares of one processor",
            ["instances", "heap MiB", "resident MiB", "silos", "PostgreSQL"], figures.Sizes.Select(RestRow));
        Report.Table("All silos killed and started again: seconds until gets are answered", ["the first", "95 of 100"],
            [[Text(figures.ColdStart.FirstSeconds), Text(figures.ColdStart.P95Seconds)]]);
    }

    private static string[] FillRow(SizeFigures size)
    {
        var fill = size.Fill;
        return
        [
            $"{size.Instances}", Text(fill.PerSecond), Text(fill.Answers.Median), Text(fill.Answers.At(0.99)), Each(fill.SiloCpuSeconds * 1000),
            Each(fill.PostgresCpuSeconds * 1000), Each(fill.ClientCpuSeconds * 1000), Each(fill.Commits), Each(fill.WalBytes),
        ];

        string Each(double sum) => (sum / fill.Creates).ToString("0.##", CultureInfo.InvariantCulture);
    }

    private static string[] CallRow(SizeFigures size) =>
    [
        $"{size.Instances}", Three(size.Get), Three(size.ListByTag), Three(size.ListByState), Three(size.CreateToRunning), Three(size.Roundtrip),
    ];

    private static string[] ListRow(SizeFigures size) =>
    [
        $"{size.Instances}", Text(size.WholeList.FirstByteMs), Text(size.WholeList.WholeMs), Text(size.WholeList.Bytes / Mib),
        Text(size.WholeList.GrowthBytes / Mib),
    ];

    private static string[] RestRow(SizeFigures size) =>
    [
        $"{size.Instances}", Text(size.HeapBytes / Mib), Text(size.ResidentBytes / Mib), $"{size.IdleSilos:0.0%}", $"{size.IdlePostgres:0.0%}",
    ];

    private static string Three(Figures figures) => string.Create(
        CultureInfo.InvariantCulture, $"{figures.Median:0.00} / {figures.At(0.95):0.00} / {figures.At(0.99):0.00}");

    private static string Text(double value) => Figures.Text(value);

    private static object Document(FleetFigures figures) => new
    {
        figures.Plan.Nodes,
        figures.Plan.Silos,
        figures.Plan.Clients,
        Sizes = figures.Sizes.Select(size => new
        {
            size.Instances,
            CreatesPerSecond = size.Fill.PerSecond,
            Answer = Points(size.Fill.Answers),
            Get = Points(size.Get),
            ListByTag = Points(size.ListByTag),
            ListByState = Points(size.ListByState),
            CreateToRunning = Points(size.CreateToRunning),
            Roundtrip = Points(size.Roundtrip),
            size.WholeList,
            size.HeapBytes,
            size.ResidentBytes,
            size.IdleSilos,
            size.IdlePostgres,
        }),
        figures.ColdStart,
    };

    private static object Points(Figures figures) => new { P50 = figures.Median, P95 = figures.At(0.95), P99 = figures.At(0.99) };
}

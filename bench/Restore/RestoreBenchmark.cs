using System.Diagnostics;
using Hypeman.Bench.Guests;
using Hypeman.Bench.Reports;
using Hypeman.Client.Images;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.Bench.Restore;

/// <summary>
/// Raw QEMU, with the saved memory mapped privately and the state of the devices as its incoming migration, against
/// <c>POST restore</c>: from the same standby of the same guest, in turn, until the agent answers.
/// </summary>
internal sealed class RestoreBenchmark(GuestBenchmarkOptions options)
{
    private static readonly int[] Sizes = [256, 1024, 2048];

    public Task<int> RunAsync(CancellationToken cancellationToken) => options.RunAsync(async (guests, image, guest, work) =>
    {
        var rows = new List<(int Size, Figures Raw, Figures Ours)>();
        foreach (var size in Sizes)
            rows.Add(await CompareAsync(guests, image, guest, work, size, cancellationToken));
        Report.Table(
            "From standby until the agent answers, milliseconds",
            ["guest", "raw QEMU", "min", "max", "POST restore", "min", "max", "ratio"],
            rows.Select(row => (string[])
        [
            $"{row.Size} MiB", Figures.Text(row.Raw.Median), Figures.Text(row.Raw.Min), Figures.Text(row.Raw.Max),
            Figures.Text(row.Ours.Median), Figures.Text(row.Ours.Min), Figures.Text(row.Ours.Max), (row.Ours.Median / row.Raw.Median).ToString("0.00", null),
        ]));
        Report.Line(
            ("ratio", rows.Average(row => row.Ours.Median / row.Raw.Median)), ("flat", rows[^1].Ours.Median / rows[0].Ours.Median),
            ("ours_ms", rows[0].Ours.Median), ("raw_ms", rows[0].Raw.Median), ("runs", options.Runs));
    }, cancellationToken);

    private async Task<(int Size, Figures Raw, Figures Ours)> CompareAsync(
        BenchGuests guests, Image image, GuestSystemFiles guest, string work, int size, CancellationToken cancellationToken)
    {
        var instance = await guests.RunAsync(image.Name, size, cancellationToken);
        await guests.Client.Instances.StandbyAsync(instance.Id, cancellationToken);
        var raw = RawMachine.CopyOf(guests.Data, instance.Id, guest, guests.RootOf(image), Path.Combine(work, $"raw-{size}"));
        var (rawTimes, ourTimes) = (new List<double>(), new List<double>());
        for (var run = 0; run <= options.Runs; run++)
        {
            var (peer, ours) = (await RawAsync(raw, cancellationToken), await OursAsync(guests, instance.Id, cancellationToken));
            if (run == 0)
                continue; // The first of each is thrown away.
            rawTimes.Add(peer);
            ourTimes.Add(ours);
            await Console.Error.WriteLineAsync(
                $"{size} MiB, run {run} of {options.Runs}: raw QEMU {Figures.Text(peer)} ms, POST restore {Figures.Text(ours)} ms");
        }
        await guests.Client.Instances.DeleteAsync(instance.Id, cancellationToken);
        return (size, new Figures(rawTimes), new Figures(ourTimes));
    }

    private static async Task<double> RawAsync(RawMachine raw, CancellationToken cancellationToken)
    {
        await using var start = raw.Prepare();
        var clock = Stopwatch.StartNew();
        await start.RunAsync(cancellationToken);
        return clock.Elapsed.TotalMilliseconds;
    }

    private static async Task<double> OursAsync(BenchGuests guests, string id, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        await guests.Client.Instances.RestoreAsync(id, cancellationToken);
        var took = clock.Elapsed.TotalMilliseconds;
        await guests.Client.Instances.StandbyAsync(id, cancellationToken);
        return took;
    }
}

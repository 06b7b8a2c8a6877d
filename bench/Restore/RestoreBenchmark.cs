using System.Diagnostics;
using System.Globalization;
using Hypeman.Bench.Guests;
using Hypeman.Bench.Reports;
using Hypeman.Client.Images;
using Hypeman.NodeRuntime.Guest;

namespace Hypeman.Bench.Restore;

/// <summary>
/// The same guest, saved, until its agent answers, in turn: raw QEMU, with the saved memory mapped privately and the state of the
/// devices as its incoming migration; <c>POST restore</c>; <c>virsh restore</c>, which is what a user would take instead.
/// </summary>
internal sealed class RestoreBenchmark(GuestBenchmarkOptions options)
{
    private static readonly int[] Sizes = [256, 1024, 2048];

    public Task<int> RunAsync(CancellationToken cancellationToken) => options.RunAsync(async (guests, image, guest, work) =>
    {
        var rows = new List<Row>();
        foreach (var size in Sizes)
            rows.Add(await CompareAsync(guests, image, guest, work, size, cancellationToken));
        Report.Table(
            "From standby until the agent answers, milliseconds: median (min to max)",
            ["guest", "raw QEMU", "POST restore", "virsh restore", "to raw", "to virsh"],
            rows.Select(row => (string[])
            [
                $"{row.Size} MiB", row.Raw.ToString(), row.Ours.ToString(), row.Virsh.ToString(),
                Ratio(row.ToRaw), Ratio(row.ToVirsh),
            ]));
        Report.Line(
            ("ratio", rows.Average(row => row.ToRaw)), ("flat", rows[^1].Ours.Median / rows[0].Ours.Median),
            ("virsh_ratio", rows.Average(row => row.ToVirsh)), ("runs", options.Runs));
    }, cancellationToken);

    private async Task<Row> CompareAsync(
        BenchGuests guests, Image image, GuestSystemFiles guest, string work, int size, CancellationToken cancellationToken)
    {
        var instance = await guests.RunAsync(image.Name, size, cancellationToken);
        await guests.Client.Instances.StandbyAsync(instance.Id, cancellationToken);
        var raw = RawMachine.CopyOf(guests.Data, instance.Id, guest, guests.RootOf(image), Path.Combine(work, $"raw-{size}"));
        var folder = Path.Combine(work, $"libvirt-{size}");
        raw.CopyBootTo(folder);
        await using var libvirt = await Libvirt.StartAsync(folder, raw.Machine, cancellationToken);
        await libvirt.PrepareAsync(cancellationToken);
        var (rawTimes, ourTimes, virshTimes) = (new List<double>(), new List<double>(), new List<double>());
        for (var run = 0; run <= options.Runs; run++)
        {
            var byHand = await RawAsync(raw, cancellationToken);
            var ours = await OursAsync(guests, instance.Id, cancellationToken);
            var virsh = await VirshAsync(libvirt, cancellationToken);
            if (run == 0)
                continue; // The first of each is thrown away.
            rawTimes.Add(byHand);
            ourTimes.Add(ours);
            virshTimes.Add(virsh);
            await Console.Error.WriteLineAsync(
                $"{size} MiB, run {run} of {options.Runs}: raw QEMU {Figures.Text(byHand)} ms, "
                + $"POST restore {Figures.Text(ours)} ms, virsh restore {Figures.Text(virsh)} ms");
        }
        await guests.Client.Instances.DeleteAsync(instance.Id, cancellationToken);
        return new Row(size, new Figures(rawTimes), new Figures(ourTimes), new Figures(virshTimes));
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

    private static async Task<double> VirshAsync(Libvirt libvirt, CancellationToken cancellationToken)
    {
        var clock = Stopwatch.StartNew();
        await libvirt.RestoreAsync(cancellationToken);
        var took = clock.Elapsed.TotalMilliseconds;
        await libvirt.SaveAsync(cancellationToken);
        return took;
    }

    private static string Ratio(double value) => value.ToString("0.00", CultureInfo.InvariantCulture);

    private sealed record Row(int Size, Figures Raw, Figures Ours, Figures Virsh)
    {
        public double ToRaw => Ours.Median / Raw.Median;
        public double ToVirsh => Ours.Median / Virsh.Median;
    }
}

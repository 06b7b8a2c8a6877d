using Hypeman.Bench.Guests;
using Hypeman.Bench.Reports;

namespace Hypeman.Bench.Boot;

/// <summary>
/// Raw QEMU and the whole of us boot the same guest in turn, so that what else the machine does hurts both alike.
/// The first boot of each is thrown away.
/// </summary>
internal sealed class BootBenchmark(GuestBenchmarkOptions options)
{
    public Task<int> RunAsync(CancellationToken cancellationToken) => options.RunAsync(async (guests, image, guest, work) =>
    {
        var config = Path.Combine(work, "config.disk");
        var fleet = new FleetBoot(guests.Client, guests.Data, image.Name);
        await fleet.RunAsync(vm => File.Copy(vm.ConfigDisk, config), cancellationToken);
        var raw = new RawBoot(work, guest, guests.RootOf(image), config);
        await raw.RunAsync(cancellationToken);
        await CompareAsync(raw, fleet, cancellationToken);
    }, cancellationToken);

    private async Task CompareAsync(RawBoot raw, FleetBoot fleet, CancellationToken cancellationToken)
    {
        var (rawTimes, ourTimes, trails) = (new List<double>(), new List<double>(), new List<IReadOnlyList<string>>());
        for (var run = 1; run <= options.Runs; run++)
        {
            rawTimes.Add(await raw.RunAsync(cancellationToken));
            var (milliseconds, trail) = await fleet.RunAsync(null, cancellationToken);
            ourTimes.Add(milliseconds);
            trails.Add(trail);
            await Console.Error.WriteLineAsync(
                $"run {run} of {options.Runs}: raw QEMU {Figures.Text(rawTimes[^1])} ms, POST /instances {Figures.Text(ourTimes[^1])} ms");
        }
        var (peer, ours) = (new Figures(rawTimes), new Figures(ourTimes));
        Report.Table("Boot until the program speaks, milliseconds", ["", "median", "min", "max"],
        [
            ["raw QEMU", Figures.Text(peer.Median), Figures.Text(peer.Min), Figures.Text(peer.Max)],
            ["POST /instances to Running", Figures.Text(ours.Median), Figures.Text(ours.Min), Figures.Text(ours.Max)],
        ]);
        Report.Table("Where ours goes, milliseconds (guest phases: since the start began)", ["phase", "median", "min", "max"], PhaseTable.Rows(trails));
        Report.Line(("ratio", ours.Median / peer.Median), ("ours_ms", ours.Median), ("raw_ms", peer.Median), ("runs", options.Runs));
    }
}
